"""Write docs/observed.md from the register: what the profile `observed` does, on what evidence; what else was seen."""

from __future__ import annotations

from pathlib import Path

from camsim.knobs import register
from camsim.knobs.register import KnobSpec, Profile, Row

PAGE = Path(__file__).resolve().parent.parent / "docs" / "observed.md"
HEAD = """# The profile observed

`documented`, the default, is the vendor's page to the letter. `observed` is the profile of evidence: it answers, sends
and accepts what live systems show. Use it for a program that was written against the live gateway and fails here, or to
see what awaits one that was written from the page: `camsim serve --profile observed`, `--cams-profile observed` in
pytest, `profile = "observed"` in [a site file](site.md).

Each difference is a row of the register (`camsim register --profile observed`) and says how certain it is:

- **live**: written after contact with the live gateway, or recorded there;
- **code**: read in programs that look as if they work;
- **claim**: told by somebody.

A difference can be taken back, and any other one put on, by its knob: `--set loadlog.status_code=omit`. Where a request
is refused and a knob would serve it, the journal names the knob.
"""
IN_FORCE = """
## What it does otherwise than documented

| row | what | documented → observed | certain | seen |
|---|---|---|---|---|
"""
KNOBS = """
What rests on code alone is in force where it is the habit of many clients (A-REST-12, A-REST-16, R-14) or a member that
several read (V2-31).

## Seen, but off in observed

What one program does, and what is only claimed, is a knob and in no profile but `hostile`, where a value stands in
**bold**. Where one explanation contradicts what others show (R-12-NEW), it is in none.

| row | what | values, documented first | certain | seen |
|---|---|---|---|---|
"""
TAIL = """
## Switches of a device

What the vendor's portal has a switch for is a setting of the device: `load_user_data = true` in [a site file](site.md),
`PATCH devices/{stgid}` in [the management API](management-api.md), `camsim serve --switch load_user_data=on` for every
device, `config: {set: {load_user_data: true}}` in [a scenario](scenarios.md).

| portal | setting | off, it means |
|---|---|---|
| RESTful API | `restful_api` | every command is refused (A-REST-22) |
| LoadPunchLog | `load_punch_log` | LoadLog is refused (A-REST-30); v2 LoadPunchLog is 8 |
| Load User Data | `load_user_data` (off by default) | Load.UserInfo is 33 (A-REST-28) |
| Push User Data | `push_user_data` | no callback tells of a user |
| Push Photo | `push_photo` | no callback tells of a photo |
| Handle Response | `handle_response` | a wrong acknowledgement goes unnoticed (A-CB-21) |
| – | `origin_ips` | not off but a list: calls from elsewhere are 3, in v2 and in v3 (A-REST-34) |
| – | `without_operations` | a list: these are not in the plan (A-REST-31) |
| – | `group` | a name: with `rest.busy = 37` its devices take one call at a time together (A-REST-33) |
"""


def page() -> str:
    """The whole page."""
    in_force, apart = [], []
    for row in register.rows():
        for spec in row.specs:
            if spec.values[Profile.OBSERVED] != spec.values[Profile.DOCUMENTED]:
                in_force.append(_line(row, spec, _change(spec)))
            elif row.certainty is not None and spec.knob == row.specs[0].knob:
                apart.append(_line(row, spec, _values(spec)))
    return HEAD + IN_FORCE + "".join(in_force) + KNOBS + "".join(apart) + TAIL


def _change(spec: KnobSpec) -> str:
    values = spec.values
    return f"`{spec.knob}`: {_shown(values[Profile.DOCUMENTED])} → {_shown(values[Profile.OBSERVED])}"


def _values(spec: KnobSpec) -> str:
    first = spec.values[Profile.DOCUMENTED]
    words = [_shown(first)]
    for value in spec.allowed or ():
        if value != first:
            words.append(f"**{_shown(value)}**" if value == spec.values[Profile.HOSTILE] else _shown(value))
    return f"`{spec.knob}`: {', '.join(words)}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _line(row: Row, spec: KnobSpec, values: str) -> str:
    return f"| {row.id} | {row.title} | {values} | {row.certainty or '–'} | {row.seen or '–'} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE.name}")
