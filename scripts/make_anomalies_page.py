"""Write docs/anomalies.md: each anomaly with its knob, fault, call and step, and the scenario that shows it."""

from __future__ import annotations

from pathlib import Path

from camsim import resources
from camsim.scenarios import document
from camsim.state.faults import DOES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "anomalies.md"
HEAD = """# Anomalies

What goes wrong between a device and your callback URL, each thing by itself. Every example is a scenario of the library
and runs as it stands, in virtual time, in a simulator of its own: `camsim scenario run NAME`. Against your receiver:
add `--callback-url http://127.0.0.1:8000/callback`. In a test the same words are methods of the fixtures
(`door.offline()`, `cams_gateway.fault("callback.answer", "drop")`, see [the cookbook](cookbook/pytest.md)); in a
running simulator they are calls of [the management API](management-api.md).

A **knob** makes an anomaly part of a profile (`--set dup.p=0.05`), a **fault** strikes where `match` and `when` say
(`{"where", "do", "match": {"device", "operation", "user"}, "when": {"next"|"every"|"p"|"between"}, "with": {…}}`),
a **call** is what a person, an operator or an outage does. `when` in short: `next: 3` the next three of all devices,
`every: 10` every tenth of each device, `p: 0.05` by chance of the seed, `between: [a, b]` virtual seconds. Faults
compose, and the journal entry lists those that shaped it.
"""
_FAULT = '`POST faults {{"where": "{}", "do": "{}"}}`'

# Group, then: library scenario, knob, fault (where:do), call of the management API, step of a scenario.
ROWS: tuple[tuple[str, tuple[tuple[str, str, str, str, str], ...]], ...] = (
    (
        "Outages",
        (
            ("offline-weekend", "offline.order", "", "devices/{stgid}/offline, online", "offline, online"),
            ("flush-lifo", "offline.order", "", "devices/{stgid}/online", "online: {order: lifo}"),
            ("flush-interleaved", "offline.order", "", "devices/{stgid}/online", "online: {order: interleave}"),
            ("burst-pacing", "", "", "devices/{stgid}/online", "online: {pace: 2s}"),
            ("flapping-link", "", "", "devices/{stgid}/offline, online", "offline, online"),
            ("gateway-cut-off", "", "", "uplink", "uplink: down"),
            ("server-down", "retry.schedule", "", "devices/{stgid}/queue/{what}", "receiver: down"),
            ("poison-event", "retry.schedule", "", "devices/{stgid}/queue/retry-now", "receiver: {only: …}"),
            ("queue-reset", "", "", "devices/{stgid}/queue/reset", "queue: {do: reset}"),
            ("handle-response-off", "", "", "PATCH devices/{stgid}", "devices: {handle_response: false}"),
            ("licence-expiry", "licence.backlog", "", "PATCH devices/{stgid}", "config: {set: {licence_end: …}}"),
            ("deleted-before-upload", "", "", "", "rest"),
        ),
    ),
    (
        "Duplicates and disorder",
        (
            ("duplicate-same-bytes", "dup.p", "callback.request:duplicate", "", "fault"),
            ("duplicate-new-operation", "dup.new_p", "callback.request:duplicate_new", "", "fault"),
            ("duplicate-concurrent", "", "callback.request:concurrent", "", "fault"),
            ("duplicate-after-restart", "", "", "", "restart"),
            ("resend-attendance", "", "", "", "rest"),
            ("retroactive-punches", "", "", "devices/{stgid}/punches", "punches: {ago: 30d}"),
            ("redetected-face", "face.redetect", "", "devices/{stgid}/punches", "punches: {redetect: 3}"),
            ("reannounced-users", "reconnect.announce_users", "", "devices/{stgid}/online", "online: {announce_users}"),
            ("delete-overtakes-update", "offline.order", "", "devices/{stgid}/online", "online: {order: shuffle}"),
        ),
    ),
    (
        "Templates in portions",
        (
            ("split-templates", "split", "", "devices/{stgid}/users", "users: {split: …}"),
            ("template-before-user", "", "", "devices/{stgid}/users", "users: {order: shuffle}"),
            ("two-fingers-one-callback", "split", "", "devices/{stgid}/users", "users: {split: by_type}"),
            ("shared-operation-id", "opid.share_on_split", "", "config", "config: {knobs: …}"),
            ("enrolment-wave", "", "", "devices/{stgid}/users", "users: {count: 20}"),
        ),
    ),
    (
        "On the wire",
        (
            ("lost-acks", "ack.lost", "callback.answer:drop", "", "fault"),
            ("slow-request", "callback.slow", "callback.request:slow", "", "fault"),
            ("truncated-request", "callback.truncate", "callback.request:truncate", "", "fault"),
            ("reset-before-body", "", "callback.request:reset_before", "", "fault"),
            ("reset-after-body", "", "callback.request:reset_after", "", "fault"),
            ("doubled-stgid", "callback.stgid", "callback.request:double_stgid", "", "fault"),
            ("wrong-token", "callback.wrong_token", "callback.request:wrong_token", "", "fault"),
            ("old-token", "", "callback.request:old_token", "PATCH devices/{stgid}", "config: {set: {auth_token: …}}"),
            ("wrong-key", "", "callback.request:wrong_key", "", "fault"),
            ("key-rotation", "enc.requeue", "callback.request:old_key", "PATCH devices/{stgid}", "config: {set: …}"),
            ("plain-body", "", "callback.request:plain_body", "", "fault"),
        ),
    ),
    (
        "What a callback says",
        (
            ("attendance-type", "", "callback.request:attendance_type", "", "fault"),
            ("user-photo-member", "photo.observed_shape", "callback.request:user_photo", "", "fault"),
            ("batch-form", "callback.batch", "callback.request:batch", "", "fault"),
            ("unknown-operation", "", "callback.request:unknown_operation", "", "fault"),
        ),
    ),
    (
        "Clocks",
        (
            ("clock-offset", "device.clock_offset", "", "devices/{stgid}/date", "date: {by: 30m}"),
            ("clock-drift", "device.clock_drift", "", "devices/{stgid}/date", "date: {drift_ppm: 100}"),
            ("clock-13-days-ahead", "", "", "devices/{stgid}/date", "date: {by: +13d}"),
            ("zone-change", "", "", "devices/{stgid}/date", "date: {timezone: -0330}"),
            ("daylight-saving", "", "", "POST devices", "devices: {timezone: Europe/Berlin}"),
        ),
    ),
    (
        "The RESTful side",
        (
            ("rest-device-offline", "rest.offline_reply", "", "devices/{stgid}/offline", "offline"),
            ("rest-lost-command", "rest.after_6", "rest.request:lose_command", "", "fault"),
            ("rest-forced-code", "", "rest.request:code", "", "fault"),
            ("rest-dropped-before", "", "rest.request:drop", "", "fault"),
            ("rest-dropped-after", "", "rest.answer:drop", "", "fault"),
            ("rest-garbage", "", "rest.answer:garbage", "", "fault"),
            ("rest-slow-answer", "rest.latency", "rest.answer:delay", "", "fault"),
            ("full-device", "", "", "", "rest"),
            ("observed-log-pages", "loadlog.paging", "", "config", "config: {profile: observed}"),
        ),
    ),
    (
        "Days",
        (("normal-day", "", "", "", "punches: {shift: day}"), ("shift-start", "", "", "", "punches: {shift: start}")),
    ),
)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for group, rows in ROWS:
        parts.append(f"\n## {group}\n")
        parts += [_section(*row) for row in rows]
    parts.append("\n## Over v2\n\nThe same knobs, faults, calls and steps; the devices say `protocol: v2`.\n")
    parts += [_section(name, "", "", "", "devices: {protocol: v2}") for name in document.library() if name[:3] == "v2-"]
    return "".join(parts) + _faults()


def _section(name: str, knob: str, fault: str, call: str, step: str) -> str:
    text = resources.path("fixtures", "scenarios", f"{name}.yaml").read_text()
    scenario = document.parse(text, name)
    where, _, do = fault.partition(":")
    ways = {
        "knob": f"`{knob}`" if knob else "",
        "fault": f"`{where}` `{do}`" if fault else "",
        "call": f"`{call}`" if call else _FAULT.format(where, do) if fault else "",
        "step": f"`{step}`",
    }
    told = " · ".join(f"{way} {what}" for way, what in ways.items() if what)
    return f"\n### {name}\n\n{scenario.teaches}\n\n{told}\n\n```yaml\n{text.strip()}\n```\n"


def _faults() -> str:
    """Every fault there is, by where it strikes."""
    lines = ["\n## Every fault\n\n| where | do | what it does |\n|---|---|---|\n"]
    lines += [f"| `{where}` | `{do}` | {text} |\n" for where, does in DOES.items() for do, text in does.items()]
    return "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE.name}")
