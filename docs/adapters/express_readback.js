// Read-back for an Express receiver: app.use("/readback", readback(query)) in test installations only, never in production.
// `query(sql, values)` is your driver's: it gives rows as objects, or a promise of them.
const crypto = require("crypto");
const express = require("express");

const SELECTS = { // your tables; times are stored in UTC here
  punches: "SELECT user_id AS user, strftime('%Y-%m-%dT%H:%M:%SZ', log_time) AS time, type, input FROM punches",
  templates: "SELECT user_id AS user, type, idx AS 'index', data FROM templates",
  users: "SELECT user_id AS user, first_name, last_name FROM users",
};

// A template leaves as its digest: of the decoded data, of the text for card and password.
function hashed({ data, ...row }) {
  if (data === undefined) return row;
  const plain = row.type === "Card" || row.type === "Password";
  const bytes = Buffer.from(data, plain ? "utf8" : "base64");
  return { ...row, sha256: crypto.createHash("sha256").update(bytes).digest("hex") };
}

module.exports = function readback(query) {
  const router = express.Router();
  router.get("/capabilities", (req, res) =>
    res.json({ time_policy: "instant", keeps: ["punches", "templates", "users", "type", "input"] }));
  router.get("/:kind", async (req, res) => {
    if (!Object.hasOwn(SELECTS, req.params.kind)) return res.sendStatus(404);
    const people = new URLSearchParams(req.originalUrl.split("?")[1]).getAll("user");
    const marks = people.map(() => "?").join(", ");
    const rows = await query(`${SELECTS[req.params.kind]} WHERE user_id IN (${marks})`, people);
    res.json({ [req.params.kind]: rows.map(hashed) });
  });
  return router;
};
