// A callback receiver in Express, right but for one bug: `node express_receiver.js PORT TOKEN BUG`.
// BUG is a name of bugs.toml, or `none`. Read-back is at /readback. It takes v3 and knows one device.
const crypto = require("crypto");
const express = require("express");

const [port, token, bug] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const punches = new Map(), templates = new Map(), users = new Map(); // each by what tells its rows apart
const key = (...parts) => JSON.stringify(parts);
const of = (map, user) => [...map.values()].filter((row) => row.user === user);

// `2020-09-17T02:18:22Z` of `2020-09-17 07:48:22 GMT +0530`. Date.parse of the text itself drops the offset.
function instant(text) {
  const [, day, clock, offset] = /^(\S+) (\S+) GMT ([+-]\d{4})$/.exec(text);
  const at = new Date(`${day}T${clock}${offset.slice(0, 3)}:${offset.slice(3)}`);
  return at.toISOString().replace(/\.\d+/, "");
}

function punched(row, body) {
  const time = instant(row.LogTime);
  const same = bug === "operation-id" ? body.OperationID : key(row.UserId, time);
  if (!punches.has(same)) punches.set(same, { user: row.UserId, time, type: row.Type, input: row.InputType });
}

function digest({ Type, Data }) {
  const bytes = Buffer.from(Data, Type === "Card" || Type === "Password" ? "utf8" : "base64");
  return crypto.createHash("sha256").update(bytes).digest("hex");
}

function updated(row) {
  const told = row.Template ?? [];
  const user = row.UserID ?? told[0].UserID;
  if (!users.has(user)) users.set(user, { user, first_name: "", last_name: "" });
  if (row.FirstName || row.LastName) users.set(user, { user, first_name: row.FirstName, last_name: row.LastName });
  for (const template of told) {
    const type = template.Type;
    const index = ["Fingerprint", "Face", "Palm"].includes(type) ? template.Index ?? "0" : "";
    templates.set(key(user, type, index), { user, type, index, sha256: digest(template) });
  }
}

function deleted({ UserID }) {
  for (const map of bug === "cascade" ? [users, templates, punches] : [users, templates]) {
    for (const [known, row] of map) if (row.user === UserID) map.delete(known);
  }
}

const app = express();
const handlers = { PunchLog: punched, UserUpdated: updated, UserDeleted: deleted };
// Where no limit is named express.json() answers 413 beyond 100 kB, and a face may be larger.
app.use(express.json({ type: () => true, limit: "20mb" }));

app.post("/callback", (req, res) => {
  const body = req.body?.RealTime;
  if (!body) return res.status(400).json({ status: "unreadable" });
  if (body.AuthToken !== token) return res.status(403).json({ status: "rejected" });
  for (const [member, handle] of Object.entries(handlers)) {
    try {
      if (body[member]) handle(body[member], body);
    } catch (error) {
      console.error(error.message); // an unusable message must not hold the queue
    }
  }
  res.json({ status: "done" });
});

app.get("/readback/:kind", (req, res) => {
  const { kind } = req.params;
  if (kind === "capabilities") {
    return res.json({ time_policy: "instant", keeps: ["punches", "templates", "users", "type", "input"] });
  }
  const people = new URL(req.originalUrl, "http://localhost").searchParams.getAll("user");
  res.json({ [kind]: people.flatMap((user) => of({ punches, templates, users }[kind], user)) });
});

app.listen(port, "127.0.0.1");
