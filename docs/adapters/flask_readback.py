"""Read-back for a Flask receiver: register the blueprint in test installations only, never in production."""

import base64
import hashlib
import sqlite3
from contextlib import closing

from flask import Blueprint, current_app, request

readback = Blueprint("readback", __name__, url_prefix="/readback")
SELECTS = {  # your tables; times are stored in UTC here
    "punches": "SELECT user_id AS user, strftime('%Y-%m-%dT%H:%M:%SZ', log_time) AS time, type, input FROM punches",
    "templates": "SELECT user_id AS user, type, idx AS 'index', data FROM templates",
    "users": "SELECT user_id AS user, first_name, last_name FROM users",
}


@readback.get("/capabilities")
def capabilities():
    return {"time_policy": "instant", "keeps": ["punches", "templates", "users", "type", "input"]}


@readback.get("/<kind>")
def rows(kind):
    people = request.args.getlist("user")
    marks = ", ".join("?" * len(people))
    with closing(sqlite3.connect(current_app.config["DATABASE"])) as db:
        db.row_factory = sqlite3.Row
        found = [dict(row) for row in db.execute(f"{SELECTS[kind]} WHERE user_id IN ({marks})", people)]
    return {kind: [hashed(row) for row in found]}


def hashed(row):
    """A template leaves as its digest: of the decoded data, of the text for card and password."""
    if "data" in row:
        data = row.pop("data").encode()
        row["sha256"] = hashlib.sha256(
            data if row["type"] in ("Card", "Password") else base64.b64decode(data)
        ).hexdigest()
    return row
