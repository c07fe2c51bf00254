"""The examples of docs/v2.md are true."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from running_sim import Sim
from wire_v2 import form, opened, post, told, v2_device

from camsim import settings as site

PAGE = (Path(__file__).parents[2] / "docs" / "v2.md").read_text()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.M | re.S)


def test_each_printed_request_has_the_printed_answer(start_sim: Callable[..., Sim]) -> None:
    sim = start_sim(v2_device())
    sim.punch("1")
    requests, answers = ([json.loads(text) for text in blocks(f"json {kind}")] for kind in ("request", "answer"))

    assert [answered(sim, request) for request in requests] == answers
    sim.idle()
    assert json.loads(blocks("json lazy")[0]) in [told(item) for item in sim.receiver.received]


def answered(sim: Sim, request: dict[str, Any]) -> dict[str, Any]:
    return opened(post(sim, form(request)))


def test_the_printed_site_file_is_one() -> None:
    settings = site.parse(tomllib.loads(blocks("toml")[0]))

    assert [(spec.id, spec.protocol) for spec in settings.devices] == [("OLD{:03d}", "v2"), ("NEW{:03d}", "v3")]
