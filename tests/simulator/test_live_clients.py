"""Clients in the manner of public ones, each with what it gets in each profile. They know HTTP and their own habits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from running_sim import TOKEN, Sim, device

from camsim.knobs.register import Profile

Start = Callable[..., Sim]
Outcome = int | str
PUNCHES = 60  # more than a page of 50
DAY = {"StartTime": "2020-09-13 00:00:00 GMT +0530", "EndTime": "2020-09-13 23:59:59 GMT +0530"}
SWAPPED = {"StartTime": "13-09-2020 00:00:00 GMT +0530", "EndTime": "13-09-2020 23:59:59 GMT +0530"}
IN_IST = {"StartTime": "2020-09-13 00:00:00 IST", "EndTime": "2020-09-13 23:59:59 IST"}
NOW = "2020-09-13 17:56:40 GMT +0530"


def _call(sim: Sim, message: Mapping[str, Any], **frame: Any) -> Any:
    """A call with the whole frame, but for what the client leaves out (None) or writes otherwise."""
    around = {"OperationID": "5f0c9e", "AuthToken": TOKEN, "Time": NOW, **frame}
    told = {key: value for key, value in around.items() if value is not None}
    return sim.post(json.dumps({**message, **told}).encode()).message


def _load(window: Mapping[str, str], **more: str) -> dict[str, Any]:
    return {"Load": {"PunchLog": {"Filter": {**window, **more}}}}


def _rows(answer: Any) -> Outcome:
    """How many rows a client has in the end, or the code it is left with."""
    return len(answer["PunchLog"]["Log"]) if "PunchLog" in answer else int(answer["StatusCode"])


def _without_operation_id(sim: Sim) -> Outcome:
    return _rows(_call(sim, _load(DAY), OperationID=None, Time=None))


def _by_status_code(sim: Sim) -> Outcome:
    """`if answer["StatusCode"] == 0`, and nothing else will do."""
    answer = _call(sim, _load(DAY))
    if "StatusCode" not in answer:
        return "KeyError: StatusCode"
    return _rows(answer)


def _first_answer_only(sim: Sim) -> Outcome:
    return _rows(_call(sim, _load(DAY)))


def _by_offset(sim: Sim) -> Outcome:
    """Asks from row 0 and goes on for as long as the answer tells of a next row."""
    following, total = "0", 0
    while following:
        answer = _call(sim, _load(DAY, OffSet=following))
        if "PunchLog" not in answer:
            return int(answer["StatusCode"])
        total += len(answer["PunchLog"]["Log"])
        following = answer["PunchLog"].get("OffSet", "")
    return total


def _by_api_1(sim: Sim) -> Outcome:
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = sim.post(b"stgid=SIM1&uid=42&uname=Asha", "", "/external/1.0/user/add", **form)
    return answer.body.decode() if answer.status == 200 else f"HTTP {answer.status}"


def _by_user_info(sim: Sim) -> Outcome:
    answer = _call(sim, {"Load": {"UserInfo": "All"}})
    return len(answer["Load"]["UserInfo"]) if "Load" in answer else int(answer["StatusCode"])


def _day_before_year(sim: Sim) -> Outcome:
    return _rows(_call(sim, _load(SWAPPED), Time="13-09-2020 17:56:40 GMT +0530"))


def _ist_in_time(sim: Sim) -> Outcome:
    return _rows(_call(sim, _load(DAY), Time="2020-09-13 17:56:40 IST"))


def _ist_everywhere(sim: Sim) -> Outcome:
    return _rows(_call(sim, _load(IN_IST), Time="2020-09-13 17:56:40 IST"))


def _numbers_operations(sim: Sim) -> Outcome:
    return _rows(_call(sim, _load(DAY), OperationID=1599978400))


def _adds_again(sim: Sim) -> Outcome:
    """Changes a name by another Add."""
    user = {"UserID": "1", "FirstName": "Renamed", "LastName": "", "UserType": "User"}
    return int(_call(sim, {"Add": {"User": user}})["StatusCode"])


def _reads_the_callbacks_spelling(sim: Sim) -> Outcome:
    """Reads `UserId`, as the callback spells it."""
    rows = _call(sim, _load(DAY))["PunchLog"]["Log"]
    if "UserId" not in rows[0]:
        return "KeyError: UserId"
    return len(rows)


# Client, then its outcome in documented, observed, strict, hostile: how many rows or users it has, a code, or words.
TABLE: tuple[tuple[Callable[[Sim], Outcome], Outcome, Outcome, Outcome, Outcome], ...] = (
    (_without_operation_id, 3, 50, 3, 3),
    (_by_status_code, "KeyError: StatusCode", 50, "KeyError: StatusCode", 50),
    (_first_answer_only, 60, 50, 60, 50),  # where there are pages, it loses what is behind the first one
    (_by_offset, 60, 60, 3, 60),  # strict: the page prints no OffSet
    (_by_api_1, "HTTP 404", "HTTP 404", "HTTP 404", "HTTP 404"),
    (_by_user_info, 3, 33, 3, 33),
    (_day_before_year, 60, 50, 1, 50),
    (_ist_in_time, 60, 50, 1, 50),
    (_ist_everywhere, 1, 50, 1, 1),
    (_numbers_operations, 1, 50, 1, 1),
    (_adds_again, 8, 0, 8, 8),
    (_reads_the_callbacks_spelling, *["KeyError: UserId"] * 3, 50),
)
CASES = [(row[0], profile, outcome) for row in TABLE for profile, outcome in zip(Profile, row[1:], strict=True)]


@pytest.mark.parametrize(("client", "profile", "outcome"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_a_client_in_a_profile(
    start_sim: Start, client: Callable[[Sim], Outcome], profile: Profile, outcome: Outcome
) -> None:
    sim = start_sim(device(logs=PUNCHES), profile=profile)
    assert client(sim) == outcome


# What helps a client that no profile serves: the knob or switch that the journal and the pages name.
HELP: tuple[tuple[Callable[[Sim], Outcome], dict[str, Any], dict[str, Any], Outcome], ...] = (
    (_without_operation_id, {"rest.missing_operation_id": "serve"}, {}, 60),
    (_by_status_code, {"loadlog.status_code": "include"}, {}, 60),
    (_by_api_1, {"rest.api1": "on"}, {}, "OK"),
    (_by_user_info, {"load.user_info": "answer"}, {"load_user_data": True}, 3),
    (_numbers_operations, {"rest.strictness": "lenient"}, {}, 60),
    (_adds_again, {"add.existing": "upsert"}, {}, 0),
    (_reads_the_callbacks_spelling, {"loadlog.user_key": "UserId"}, {}, 60),
)


@pytest.mark.parametrize(("client", "knobs", "switches", "outcome"), HELP, ids=[row[0].__name__ for row in HELP])
def test_the_knob_that_serves_it(
    start_sim: Start,
    client: Callable[[Sim], Outcome],
    knobs: dict[str, Any],
    switches: dict[str, Any],
    outcome: Outcome,
) -> None:
    sim = start_sim(device(logs=PUNCHES, **switches), knobs=knobs)
    assert client(sim) == outcome
