"""Read-back of a SQLite store in one file, for two forms: `py:readback:Store` and `cmd:python readback.py`."""

import base64
import hashlib
import json
import os
import sqlite3
import sys
from contextlib import closing

SELECTS = {  # your tables; times are stored in UTC here
    "punches": "SELECT user_id AS user, strftime('%Y-%m-%dT%H:%M:%SZ', log_time) AS time, type, input FROM punches",
    "templates": "SELECT user_id AS user, type, idx AS 'index', data FROM templates",
    "users": "SELECT user_id AS user, first_name, last_name FROM users",
}


class Store:
    """What py: asks for: two attributes, and a method for each kind that is kept; `users` are ids as text."""

    time_policy = "instant"
    keeps = ("punches", "templates", "users", "type", "input")

    def punches(self, users):
        return self._rows("punches", users)

    def templates(self, users):
        return [hashed(row) for row in self._rows("templates", users)]

    def users(self, users):
        return self._rows("users", users)

    def _rows(self, kind, users):
        marks = ", ".join("?" * len(users))
        with closing(sqlite3.connect(os.environ["ATTENDANCE_DB"])) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f"{SELECTS[kind]} WHERE user_id IN ({marks})", users)]


def hashed(row):
    """A template leaves as its digest: of the decoded data, of the text for card and password."""
    data = row.pop("data").encode()
    raw = data if row["type"] in ("Card", "Password") else base64.b64decode(data)
    return {**row, "sha256": hashlib.sha256(raw).hexdigest()}


if __name__ == "__main__":  # what cmd: runs: without ids the capabilities, else all that is kept of these people
    store, ids = Store(), sys.argv[1:]
    kinds = ("punches", "templates", "users") if ids else ()
    capabilities = {"time_policy": store.time_policy, "keeps": store.keeps}
    json.dump({kind: getattr(store, kind)(ids) for kind in kinds} if ids else capabilities, sys.stdout)
