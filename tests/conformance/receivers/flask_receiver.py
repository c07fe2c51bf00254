"""A callback receiver in Flask with SQLite, right but for one bug: `python flask_receiver.py PORT TOKEN BUG`.

BUG is a name of bugs.toml, or `none`. Read-back is at /readback. It takes v3 and knows one device.
"""

import base64
import hashlib
import json
import re
import sqlite3
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

from flask import Flask, request

PORT, TOKEN, BUG = int(sys.argv[1]), sys.argv[2], sys.argv[3]
TABLES = """
CREATE TABLE punches (user TEXT, time INTEGER, type TEXT, input TEXT, operation TEXT);
CREATE TABLE templates (user TEXT, type TEXT, idx TEXT, sha256 TEXT, PRIMARY KEY (user, type, idx));
CREATE TABLE users (user TEXT PRIMARY KEY, first_name TEXT, last_name TEXT);
"""
app = Flask(__name__)
db = sqlite3.connect(":memory:", check_same_thread=False)
db.row_factory = sqlite3.Row
db.executescript(TABLES)
lock = threading.Lock()


def instant(text):
    """Epoch seconds of `2020-09-17 07:48:22 GMT +0530`."""
    clock, sign, hours, minutes = re.fullmatch(r"(\S+ \S+) GMT ([+-])(\d\d)(\d\d)", text).groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    if sign == "-" and BUG != "sign-of-offset":
        ahead = -ahead
    return int(datetime.strptime(clock, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone(ahead)).timestamp())


def punch(body, row):
    user, at, type_ = row["UserId"], instant(row["LogTime"]), row["Type"]
    if BUG == "mealout-is-out" and type_ == "MealOut":
        type_ = "CheckOut"
    if BUG == "older-than-a-week" and time.time() - at > 7 * 86400:
        return
    known = db.execute("SELECT 1 FROM punches WHERE user = ? AND time = ?", (user, at)).fetchone()
    if BUG == "copies-by-operation":
        known = db.execute("SELECT 1 FROM punches WHERE operation = ?", (body["OperationID"],)).fetchone()
    if not known:
        values = (user, at, type_, row.get("InputType"), body["OperationID"])
        db.execute("INSERT INTO punches VALUES (?, ?, ?, ?, ?)", values)


def photo(body, row):
    if BUG == "photo-clears-type":
        values = (row["UserID"], instant(row["LogTime"]))
        db.execute("UPDATE punches SET type = NULL WHERE user = ? AND time = ?", values)


def updated(body, row):
    templates = row.get("Template") or []
    user = row.get("UserID") or templates[0]["UserID"]
    names = (row.get("FirstName", ""), row.get("LastName", ""))
    db.execute("INSERT OR IGNORE INTO users VALUES (?, '', '')", (user,))
    if any(names) or BUG == "names-erased":
        db.execute("UPDATE users SET first_name = ?, last_name = ? WHERE user = ?", (*names, user))
    for template in templates:
        kind = template["Type"]
        index = str(template.get("Index", "0")) if kind in ("Fingerprint", "Face", "Palm") else ""
        data = template["Data"]
        plain = data.encode() if kind in ("Card", "Password") else base64.b64decode(data)
        values = (user, kind, index, hashlib.sha256(plain).hexdigest())
        db.execute("INSERT OR REPLACE INTO templates VALUES (?, ?, ?, ?)", values)


def deleted(body, row):
    for table in ("users", "templates"):
        db.execute(f"DELETE FROM {table} WHERE user = ?", (row["UserID"],))


HANDLERS = {"PunchLog": punch, "Log": photo, "UserUpdated": updated, "UserDeleted": deleted}


@app.post("/callback")
def callback():
    body = json.loads(request.get_data())["RealTime"]
    if body.get("AuthToken") != TOKEN:
        return {"status": "rejected"}, 403
    with lock:
        for name, handle in HANDLERS.items():
            if name in body:
                try:
                    handle(body, body[name])
                except Exception:  # an unusable message must not hold the queue
                    app.logger.exception("not stored")
        db.commit()
    return {"status": "done"}


@app.get("/readback/<kind>")
def readback(kind):
    if kind == "capabilities":
        return {"time_policy": "instant", "keeps": ["punches", "templates", "users", "type", "input"]}
    people = request.args.getlist("user")
    with lock:
        marks = ", ".join("?" * len(people))
        found = [dict(row) for row in db.execute(f"SELECT * FROM {kind} WHERE user IN ({marks})", people)]
    for row in found:
        if "time" in row:
            row["time"] = datetime.fromtimestamp(row["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            del row["operation"]
        if "idx" in row:
            row["index"] = row.pop("idx")
    return {kind: found}


if __name__ == "__main__":
    app.run(port=PORT, threaded=True)
