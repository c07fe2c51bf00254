"""Every mutant loads, can be told from the reference, and every benign variant does what is asked of it."""

from __future__ import annotations

import http.client
import json
import os
import time
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from mutant_messages import TOKEN, V2_TOKEN, punch, v2, v3
from mutant_stimuli import KEY, Seen, converse

from camsim.protocol import cipher
from camsim.protocol.vocabulary import Protocol
from camsim.receiver import start
from camsim.receiver.memory import Policy
from camsim_conformance import mutants
from camsim_conformance.mutants import BENIGN, MUTANTS, Benign, Mutant, policy

PLAIN_PUNCH = {"AttendanceType": "CheckIn", "InputType": "Face"}


@cache
def reference(protocol: Protocol, key: str | None) -> list[Seen]:
    return converse(None, protocol, key)


def key_of(row: Mutant) -> str | None:
    return KEY if "aes" in row.features else None


# The proof in tests/conformance/test_proof.py kills every mutant; here a fifth is enough unless all are asked for.
_SAMPLE = list(MUTANTS)[:: 1 if os.environ.get("CAMSIM_ALL_MUTANTS") else 5]


@pytest.mark.parametrize("row", [MUTANTS[name] for name in _SAMPLE], ids=_SAMPLE)
def test_each_mutant_can_be_told_from_the_reference(row: Mutant) -> None:
    assert converse(policy(row.name), row.protocol, key_of(row)) != reference(row.protocol, key_of(row))


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("key", [None, KEY])
def test_the_reference_always_behaves_alike(protocol: Protocol, key: str | None) -> None:
    assert converse(Policy(), protocol, key) == reference(protocol, key)


BENIGN_CASES = [(row, protocol) for row in BENIGN.values() for protocol in sorted(row.protocols)]


@pytest.mark.parametrize(("row", "protocol"), BENIGN_CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_each_benign_variant_acknowledges_and_stores_once(row: Benign, protocol: Protocol) -> None:
    message = v3(**punch("5")) if protocol is Protocol.V3 else v2("RealTimePunchLog", "5", PLAIN_PUNCH)
    with start(tokens=[TOKEN, V2_TOKEN], broken=policy(row.name)) as running:
        answers = [ask(running.port, "/callback", message) for _ in range(2)]
        rows = wait_for_rows(running.readback_url, running.port)
    assert ([json.loads(body)["status"] for _, body in answers], [status for status, _ in answers]) == (
        ["done"] * 2,
        [200, 200],
    )
    assert [found["user"] for found in rows] == ["5"]


def ask(port: int, path: str, message: Any) -> tuple[int, bytes]:
    text = json.dumps(message)
    body = urlencode({"request_data": text}).encode() if "ApiRequestInfo" in message else text.encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", path, body)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def wait_for_rows(url: str, port: int) -> list[dict[str, Any]]:
    until = time.monotonic() + 3
    rows: list[dict[str, Any]] = []
    while not rows and time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readback/punches?user=5")
        rows = json.loads(connection.getresponse().read())["punches"]
        connection.close()
    return rows


def test_the_encrypted_acknowledgement_decrypts_to_done() -> None:
    with start(tokens=[TOKEN], key=KEY, broken=policy("encrypted-ack")) as running:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
        connection.request("POST", "/", cipher.encrypt(KEY, json.dumps(v3(**punch("5"))).encode()))
        body = connection.getresponse().read()
        connection.close()
    assert json.loads(cipher.decrypt(KEY, body)) == {"status": "done"}


def test_there_are_enough_of_them() -> None:
    count = {protocol: sum(row.protocol is protocol for row in MUTANTS.values()) for protocol in Protocol}
    assert (count[Protocol.V3] >= 60, count[Protocol.V2] >= 25, len(BENIGN) >= 12) == (True, True, True)


def test_every_mutant_has_something_it_must_fail_and_a_reason_for_what_it_may() -> None:
    assert [row.name for row in MUTANTS.values() if not row.must or not row.title] == []
    assert [row.name for row in MUTANTS.values() if not all(row.may.values()) or row.must & set(row.may)] == []


def test_names_are_unique_and_an_unknown_one_is_refused() -> None:
    with pytest.raises(KeyError, match="no-such"):
        policy("no-such")
    with pytest.raises(mutants.model.DuplicateNameError):
        mutants.model.add(next(iter(MUTANTS.values())))
