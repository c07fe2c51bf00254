"""What live systems show and no page prints, compiled for use; comments cite each knob's row of the register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LivePolicy:
    """The RESTful side as public programs and recorded answers have it. Codes are numbers of a v3 answer."""

    missing_operation_id: str  # A-REST-27
    user_info: str  # A-REST-28
    sync_words: str  # A-REST-29
    log_off_code: int  # A-REST-30
    not_in_plan_code: int  # A-REST-31
    wrong_version_code: int  # A-REST-32
    busy: int | str  # A-REST-33
    api1: bool  # A-REST-35
    user_key: str  # R-12-KEY
    only_undelivered: bool  # R-12-NEW
    vendor_samples: bool  # V2-32


def compile_live(knobs: Mapping[str, Any]) -> LivePolicy:
    """Turn resolved knobs (name -> value in force) into a LivePolicy."""
    return LivePolicy(
        missing_operation_id=knobs["rest.missing_operation_id"],
        user_info=knobs["load.user_info"],
        sync_words=knobs["rest.sync_words"],
        log_off_code=knobs["loadlog.switched_off"],
        not_in_plan_code=knobs["rest.not_in_plan"],
        wrong_version_code=knobs["rest.wrong_version"],
        busy=knobs["rest.busy"],
        api1=knobs["rest.api1"] == "on",
        user_key=knobs["loadlog.user_key"],
        only_undelivered=knobs["loadlog.only_undelivered"],
        vendor_samples=knobs["v2.vendor_samples"] == "accept",
    )
