"""The knobs in force, compiled for hot paths; comments cite each knob's row of the register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from camsim.protocol.acknowledgement import AckRule
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v3.messages import Style
from camsim.state.outbox import PRESETS, Schedule

from .live import LivePolicy, compile_live
from .register import resolve


@dataclass(frozen=True, slots=True)
class RestPolicy:
    """The RESTful side. Times in virtual ms."""

    http_status: str  # A-REST-01
    status_text: str  # A-REST-02
    mode: str  # A-REST-03
    latency_ms: int  # A-REST-04, the median
    window_ms: int  # A-REST-05
    offline_reply: str  # A-REST-06
    after_5: str  # A-REST-07
    after_6: str  # A-REST-08
    strictness: str  # A-REST-12
    stgid_alias: bool  # A-REST-16
    max_body: int  # A-REST-20
    licence_code: int | str  # A-REST-21
    switched_off_code: int  # A-REST-22
    echo_changes: bool  # A-REST-23
    loadlog_status_code: str  # A-REST-26
    loadlog_paging: str
    devinfo_offline: int | str
    add_existing: int | str
    enrol_person: str
    encrypt_errors: bool  # A-ENC-03
    mode_mismatch_code: int  # A-ENC-04
    placeholders: str  # A-DEV-07
    content: str  # A-DEV-08
    live: LivePolicy


@dataclass(frozen=True, slots=True)
class Policy:
    """How gateway and devices behave."""

    rest: RestPolicy
    ack: AckRule  # A-CB-01, A-CB-02
    enc_ack: str  # A-ENC-02
    requeue: str  # A-ENC-07
    timeout_s: float  # A-CB-05, real seconds
    schedule: Schedule  # A-CB-06
    stgid: str  # A-CB-10
    flush_order: str  # A-CB-12
    style: Style  # A-CB-15, C-09, C-11
    json_style: str  # A-CB-27
    precede_s: int  # A-CB-16
    share_operation_id: bool  # A-CB-19
    licence_backlog: str  # A-CB-22
    content_type: str  # A-CB-26
    keepalive: bool  # A-CB-30
    tls_verify: bool  # A-CB-24
    clock_offset_s: float  # A-CB-18
    clock_drift_ppm: float  # A-CB-18
    redetect: float  # A-DEV-16
    direction: str  # A-DEV-17
    announce_users: bool  # A-DEV-22
    split: str  # C-05
    face_format: str  # C-07
    photo_order: str  # C-10
    poll_ms: int  # M-DB
    rewrite_dup: float  # M-FILE
    style_v2: messages_v2.StyleV2  # V2-01, V2-05, V2-31
    v2_lazy: bool  # V2-11
    implied_faults: tuple[tuple[str, str, float], ...] = ()  # (where, do, probability): knobs that work by chance


def compile_policy(knobs: Mapping[str, Any]) -> Policy:
    """Turn resolved knobs (name -> value in force, durations in ms) into a Policy."""
    return Policy(
        rest=_rest(knobs),
        ack=AckRule(knobs["ack.http"], knobs["ack.match"], knobs["ack.content_type"]),
        enc_ack=knobs["enc.ack"],
        requeue=knobs["enc.requeue"],
        timeout_s=knobs["callback.timeout"] / 1000,
        schedule=_schedule(knobs["retry.schedule"]),
        stgid=knobs["callback.stgid"],
        flush_order=knobs["offline.order"],
        style=_style(knobs),
        json_style=knobs["json.style"],
        precede_s=int(knobs["time.precede"]),
        share_operation_id=knobs["opid.share_on_split"],
        licence_backlog=knobs["licence.backlog"],
        content_type="application/json" + ("; charset=utf-8" if knobs["callback.headers"] == "charset" else ""),
        keepalive=knobs["callback.keepalive"],
        tls_verify=knobs["tls.verify"],
        clock_offset_s=knobs["device.clock_offset"],
        clock_drift_ppm=knobs["device.clock_drift"],
        redetect=knobs["face.redetect"],
        direction=knobs["direction"],
        announce_users=knobs["reconnect.announce_users"],
        split=knobs["split"],
        face_format=knobs["face.format"],
        photo_order=knobs["photo.order"],
        poll_ms=knobs["db.poll"],
        rewrite_dup=knobs["file.rewrite_dup"],
        style_v2=messages_v2.style({name.removeprefix("v2."): value for name, value in knobs.items()}),
        v2_lazy=knobs["v2.lazy"] == "on",
        implied_faults=_implied(knobs),
    )


def _rest(knobs: Mapping[str, Any]) -> RestPolicy:
    return RestPolicy(
        http_status=knobs["rest.http_status"],
        status_text=knobs["rest.status_text"],
        mode=knobs["rest.mode"],
        latency_ms=knobs["rest.latency"],
        window_ms=knobs["rest.timeout"],
        offline_reply=knobs["rest.offline_reply"],
        after_5=knobs["rest.after_5"],
        after_6=knobs["rest.after_6"],
        strictness=knobs["rest.strictness"],
        stgid_alias=knobs["rest.stgid_alias"],
        max_body=knobs["rest.max_body"],
        licence_code=knobs["licence.v3_code"],
        switched_off_code=knobs["rest.switched_off"],
        echo_changes=knobs["device.echo_rest_changes"],
        loadlog_status_code=knobs["loadlog.status_code"],
        loadlog_paging=knobs["loadlog.paging"],
        devinfo_offline=knobs["devinfo.offline"],
        add_existing=knobs["add.existing"],
        enrol_person=knobs["enroll.person"],
        encrypt_errors=knobs["enc.errors"] == "encrypted",
        mode_mismatch_code=knobs["enc.mode_mismatch"],
        placeholders=knobs["template.placeholders"],
        content=knobs["template.content"],
        live=compile_live(knobs),
    )


def _style(knobs: Mapping[str, Any]) -> Style:
    return Style(
        label=knobs["fields.label"],
        temperature=knobs["temperature"],
        facemask=knobs["facemask"],
        photo_observed=knobs["photo.observed_shape"],
    )


def _schedule(value: str | tuple[float, ...]) -> Schedule:
    return Schedule(PRESETS[value] if isinstance(value, str) else tuple(value))


# Knobs that work by chance: each is the fault of that name with its probability.
_CHANCES: Mapping[str, tuple[str, str]] = {
    "dup.p": ("callback.request", "duplicate"),
    "dup.new_p": ("callback.request", "duplicate_new"),
    "ack.lost": ("callback.answer", "drop"),
    "callback.wrong_token": ("callback.request", "wrong_token"),
    "callback.slow": ("callback.request", "slow"),
    "callback.truncate": ("callback.request", "truncate"),
}


def _implied(knobs: Mapping[str, Any]) -> tuple[tuple[str, str, float], ...]:
    found = [(where, do, float(knobs[name])) for name, (where, do) in _CHANCES.items() if knobs[name]]
    if knobs["callback.batch"] == "observed":
        found.append(("callback.request", "batch", 1.0))
    return tuple(found)


DOCUMENTED = compile_policy(resolve().values)
