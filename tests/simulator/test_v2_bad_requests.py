"""Whatever comes in on the v2 path: a documented code, a journal line that says why, an untouched device.

`CAMSIM_FUZZ=5000` sends that many generated requests, 500 without it.
"""

from __future__ import annotations

import io
import json
import os
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import pytest
from running_sim import KEY, TOKEN, Answer, Sim, device
from wire_v2 import FORM, PATH, form, message, opened, v2_device

from camsim.protocol import cipher
from camsim.protocol.catalogue import V2_CALLBACKS
from camsim.protocol.statuses import LABELS_V2
from camsim.protocol.v2 import signatures as signatures_v2
from camsim.protocol.vocabulary import TemplateType
from camsim.synthetic import people

TOTAL = int(os.environ.get("CAMSIM_FUZZ", "500"))
CHUNKS = 5
REFUSED = {400, 404, 405, 413, 431}
TAGS = ("SIM1", "SIM2", "SIM3")
RANGE = {"StartTime": "0", "EndTime": "1700000000", "OffSet": ""}
PERSON = {"Name": "Manu Mona", "FirstName": "Manu", "LastName": "Mona", "Priority": "0"}
SIGNED = [
    row
    for kind in (TemplateType.CARD, TemplateType.PASSWORD, TemplateType.FINGERPRINT)
    for row in signatures_v2.items(people.template(1, "9", kind))
]
COMMANDS = [
    message("AddUser", "9", {**PERSON, "Signature": SIGNED}),
    message("DeleteUser", "1"),
    message("EnrollFingerprint", "1"),
    message("EnableMessage", "1", "hello"),
    message("DisableMessage", "1"),
    message("SendAttendancePhoto", "1"),
    message("LoadPunchLog", "", RANGE),
    message("SendDeviceInfo"),
    message("ClearLog"),
    message("TriggerUserDetail"),
]
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 10**18, 2**63, -(2**63), 1e300),
    *("", " ", "x", "x" * 300, "\x00", "All", "off", "OFF", "ünï", "😀", "../../x", "' OR 1=1 --", "-0", "1e5", "٣"),
    *([], [[]], [None], {}, {"a": 1}, {"Message": ""}, {"Message": {}}, ["All"], {"": ""}),
)
RAW = (b"1e400", b"9" * 5000, b"9" * 25, b"NaN", b'"\\ud800"', b'"\\u00"', b"'x'", b"01", b"[" * 3000 + b"]" * 3000)


@dataclass(frozen=True, slots=True)
class Bad:
    """One request that nobody should send."""

    body: bytes
    path: str = PATH
    method: str = "POST"
    content_type: str = FORM


def field(text: bytes) -> bytes:
    return b"request_data=" + quote_plus(text).encode()


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a message, by its path."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def picked(rng: random.Random) -> tuple[dict[str, Any], Any, Any]:
    """A copy of a command, a container in it and a key of that container."""
    told = deepcopy(rng.choice(COMMANDS))
    *way, key = rng.choice(list(places(told)))
    place: Any = told
    for step in way:
        place = place[step]
    return told, place, key


def wrong_value(rng: random.Random) -> Bad:
    told, place, key = picked(rng)
    place[key] = rng.choice(VALUES)
    return Bad(form(told))


def raw_value(rng: random.Random) -> Bad:
    told, place, key = picked(rng)
    place[key] = "@@"
    return Bad(field(dump(told).replace(b'"@@"', rng.choice(RAW))))


def missing(rng: random.Random) -> Bad:
    told, place, key = picked(rng)
    del place[key]
    return Bad(form(told))


def other_spelling(rng: random.Random) -> Bad:
    told, place, key = picked(rng)
    if isinstance(key, str):
        place[key.swapcase()] = place.pop(key)
    return Bad(form(told))


def other_operation(rng: random.Random) -> Bad:
    name = rng.choice((*V2_CALLBACKS, "PunchLog", "addUser", "EnrollFingerPrint", "DeleteAllUser", "", "Load PunchLog"))
    return Bad(form(message(name, "1")))


def damaged_text(rng: random.Random) -> Bad:
    text = dump(rng.choice(COMMANDS))
    cut = rng.randrange(len(text))
    ways = (text[:cut], text[:cut] + rng.randbytes(3) + text[cut:], b"[" + text + b"]", text.decode().encode("utf-16"))
    return Bad(field(rng.choice((*ways, b"", b"null", b'"x"', b"1", text + b"}"))))


def damaged_form(rng: random.Random) -> Bad:
    body = form(rng.choice(COMMANDS))
    cut = rng.randrange(len(body))
    text = dump(rng.choice(COMMANDS))
    ways = (
        *(body[cut:], body[:cut], body.replace(b"request_data", b"Request_Data"), text, b"", b"=", b"&&&", b"%"),
        *(body.replace(b"%", b"%%"), b"request_data", b"request_data=", rng.randbytes(rng.choice((1, 50, 4000)))),
        b"--x\r\nContent-Disposition: form-data; name=other\r\n\r\n" + text + b"\r\n--x--\r\n",
    )
    return Bad(rng.choice(ways), content_type=rng.choice((FORM, FORM, "application/json", "multipart/form-data", "")))


def wrong_place(rng: random.Random) -> Bad:
    paths = (
        "/external/api2.0/",
        PATH + "/",
        PATH.upper(),
        "/external/api3.0/biometric?stgid=SIM1",
        "/?stgid=SIM2",
        "/api",
    )
    method = rng.choice(("POST", "POST", "GET", "PUT", "DELETE", "HEAD"))
    return Bad(
        form(rng.choice(COMMANDS)), rng.choice((PATH, *paths)) if method != "POST" else rng.choice(paths), method
    )


def wrong_sender(rng: random.Random) -> Bad:
    told = deepcopy(rng.choice(COMMANDS))
    told["ServiceTagId"] = rng.choice(("", "sim1", "SIM1 ", "SIM3", "nobody", 7, None, [], "x" * 9000, "SIM1\x00"))
    if rng.random() < 0.4:
        told["ServiceTagId"] = "SIM1"
        told["ApiRequestInfo"]["AuthToken"] = rng.choice(
            (TOKEN.lower(), TOKEN + " ", TOKEN[:-1], "", "é" * 32, [TOKEN])
        )
    return Bad(form(told))


def signature(rng: random.Random) -> Bad:
    part = {"Template": "AAAA", "Type": "Face", "AdditionalData1": "1", "AdditionalData2": ""}
    card = SIGNED[0]
    odd: tuple[Any, ...] = (
        *([card, card], [card] * 500, [{**card, "Type": "Iris"}], [{**card, "Template": "12a"}], "Card", [[card]]),
        *(
            [part, part],
            [{**part, "AdditionalData1": "2"}],
            [{**part, "AdditionalData1": str(n)} for n in range(1, 22)],
        ),
        *([{**SIGNED[2], "AdditionalData1": "10"}], [{**part, "Type": "UserPhoto"}], [{"Type": "Card"}], {"0": card}),
    )
    data = {**PERSON, "Signature": rng.choice(odd)}
    if rng.random() < 0.3:
        data.update(
            rng.choice(({"Priority": "7"}, {"Priority": []}, {"Name": 7}, {"Name": "x" * 99}, {"LastName": {}}))
        )
    return Bad(form(message("AddUser", "9", data)))


def encrypted(rng: random.Random) -> Bad:
    told = {**rng.choice(COMMANDS), "ServiceTagId": "SIM2"}
    sealed = cipher.encrypt(KEY, dump(told["ApiRequestInfo"])).decode()
    cut = rng.randrange(1, len(sealed))
    infos: tuple[Any, ...] = (
        *(
            told["ApiRequestInfo"],
            cipher.encrypt(KEY[::-1], b"{}").decode(),
            sealed[:cut],
            sealed + "=",
            "",
            "no Base64 !",
        ),
        *(cipher.encrypt(KEY, plain).decode() for plain in (b"\xff\xfe", b"[]", b"{}", b'{"Operation": 1}', b"")),
        *(None, [], 7, cipher.encrypt(KEY, dump({**told["ApiRequestInfo"], "AuthToken": "x"})).decode()),
    )
    if rng.random() < 0.1:
        return Bad(form({"ServiceTagId": "SIM1", "ApiRequestInfo": sealed}))
    return Bad(form({"ServiceTagId": "SIM2", "ApiRequestInfo": rng.choice(infos)}))


KINDS: tuple[tuple[Callable[[random.Random], Bad], int], ...] = (
    (wrong_value, 25),
    (raw_value, 8),
    (missing, 8),
    (other_spelling, 6),
    (other_operation, 5),
    (damaged_text, 9),
    (damaged_form, 9),
    (wrong_place, 6),
    (wrong_sender, 7),
    (signature, 8),
    (encrypted, 9),
)


def bad_requests(seed: int) -> Iterator[Bad]:
    """Without end, and seeded, so that a failure can be repeated."""
    rng = random.Random(seed)
    makers, weights = zip(*KINDS, strict=True)
    while True:
        yield rng.choices(makers, weights)[0](rng)


def send(sim: Sim, bad: Bad) -> Answer:
    url = f"{sim.host.gateway_url}{bad.path}"
    return sim.loop.run(sim.fetch(bad.method, url, io.BytesIO(bad.body), {"Content-Type": bad.content_type}))


def refused(sim: Sim, bad: Bad) -> bool:
    """True when the request was bad indeed; then its answer is documented, explained, and nothing is queued."""
    seen, queued = sim.host.runtime.kernel.state.journal.seq, waiting(sim)
    answer = send(sim, bad)
    if answer.status not in REFUSED:
        told = opened(answer)
        code = told.get("StatusCode")
        if code == 0 or code is None:  # a reading that forgives it
            return False
        assert "OperationID" in told or LABELS_V2[code] == told["Status"], bad
    lines = [entry for entry in sim.entries if entry.seq > seen]
    assert [bool(line.field and line.why) for line in lines] == [True], (bad, lines)
    assert waiting(sim) == queued
    return True


def waiting(sim: Sim) -> int:
    return sum(len(sim.slot(tag).commands) for tag in TAGS)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_bad_request_is_explained_and_changes_nothing(
    start_sim: Callable[..., Sim], caplog: pytest.LogCaptureFixture, chunk: int
) -> None:
    """What is accepted waits for time to move, which it does not: any change would be a refused command's."""
    sim = start_sim(v2_device(logs=3), v2_device("SIM2", security_key=KEY), device("SIM3"))
    before = [sim.digest(tag) for tag in TAGS]

    found = (refused(sim, bad) for bad in bad_requests(chunk))
    left = TOTAL // CHUNKS
    while left:
        left -= next(found)

    assert [sim.digest(tag) for tag in TAGS] == before
    assert caplog.records == []


def test_the_commands_that_are_spoilt_here_are_right(start_sim: Callable[..., Sim]) -> None:
    """Else the others would be refused for the wrong reason."""
    sim = start_sim(v2_device())

    assert [opened(send(sim, Bad(form(told))))["StatusCode"] for told in COMMANDS] == [0] * len(COMMANDS)
