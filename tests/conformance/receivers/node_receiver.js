// A callback receiver of Node's own HTTP server, right but for one bug: `node node_receiver.js PORT TOKEN BUG`.
// BUG is a name of bugs.toml, or `none`. Read-back is at /readback. It takes v3 and knows one device.
const crypto = require("crypto");
const http = require("http");

const [port, token, bug] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const punches = new Map(), templates = new Map(), users = new Map(); // each by user
const of = (map, user, made) => map.get(user) ?? map.set(user, made()).get(user);

// Epoch milliseconds of `2020-09-17 07:48:22 GMT +0530`.
function instant(text) {
  const [, day, clock, sign, hours, minutes] = /^(\S+) (\S+) GMT ([+-])(\d\d)(\d\d)$/.exec(text);
  const at = Date.parse(`${day}T${clock}${sign}${hours}:${minutes}`);
  if (Number.isNaN(at)) throw new Error(`no time: ${text}`);
  return at;
}

function punch(row) {
  const user = bug === "numeric-ids" ? String(parseInt(row.UserId, 10)) : row.UserId;
  const at = instant(row.LogTime);
  const rows = of(punches, user, () => []);
  const near = bug === "minute-apart" ? 60_000 : 1;
  if (rows.some((known) => Math.abs(known.at - at) < near)) return;
  rows.push({ user, at, type: row.Type, input: row.InputType });
}

function digest({ Type, Data }) {
  const bytes = Buffer.from(Data, Type === "Card" || Type === "Password" ? "utf8" : "base64");
  return crypto.createHash("sha256").update(bytes).digest("hex");
}

function updated(row) {
  const told = row.Template ?? [];
  const user = row.UserID ?? told[0].UserID;
  const known = of(users, user, () => ({ user, first_name: "", last_name: "" }));
  if (row.FirstName || row.LastName) Object.assign(known, { first_name: row.FirstName, last_name: row.LastName });
  for (const template of bug === "first-of-group" ? told.slice(0, 1) : told) {
    const index = ["Fingerprint", "Face", "Palm"].includes(template.Type) ? template.Index ?? "0" : "";
    const kept = { user, type: template.Type, index, sha256: digest(template) };
    of(templates, user, () => new Map()).set(`${template.Type} ${index}`, kept);
  }
}

function deleted({ UserID }) {
  users.delete(UserID);
  templates.delete(UserID);
}

const handlers = { PunchLog: punch, UserUpdated: updated, UserDeleted: deleted };

function received(text) {
  let body;
  try {
    body = JSON.parse(text).RealTime;
    if (body.AuthToken !== token) return [403, { status: "rejected" }];
  } catch {
    return [400, { status: "unreadable" }];
  }
  if (bug === "photo-400" && body.Log) return [400, { error: "unknown event" }];
  for (const [member, handle] of Object.entries(handlers)) {
    try {
      if (body[member]) handle(body[member]);
    } catch (error) {
      console.error(error.message); // an unusable message must not hold the queue
    }
  }
  return [200, { status: "done" }];
}

function told(url) {
  const kind = url.pathname.split("/").pop();
  if (kind === "capabilities") return { time_policy: "instant", keeps: ["punches", "templates", "users", "type", "input"] };
  const rows = [];
  for (const user of url.searchParams.getAll("user")) {
    if (kind === "users" && users.has(user)) rows.push(users.get(user));
    if (kind === "templates") rows.push(...(templates.get(user)?.values() ?? []));
    for (const { at, ...row } of kind === "punches" ? punches.get(user) ?? [] : []) {
      rows.push({ ...row, time: new Date(at).toISOString().replace(/\.\d+/, "") });
    }
  }
  return { [kind]: rows };
}

http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const url = new URL(request.url, "http://localhost");
    const [status, answer] = url.pathname.startsWith("/readback/")
      ? [200, told(url)] : received(Buffer.concat(parts).toString("utf8"));
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer));
  });
}).listen(port, "127.0.0.1");
