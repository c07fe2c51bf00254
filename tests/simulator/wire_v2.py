"""A v2 client for tests: requests as a form, answers and callbacks decrypted."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any
from urllib.parse import parse_qs, quote_plus

from running_sim import KEY, TOKEN, Answer, Received, Sim, device

from camsim.control.devices import DeviceSpec
from camsim.protocol import cipher

PATH = "/external/api2.0/biometric"
FORM = "application/x-www-form-urlencoded"
YEAR = 366 * 86_400


def v2_device(stgid: str = "SIM1", **given: Any) -> DeviceSpec:
    """A v2 device whose plan has everything."""
    return device(stgid, **{"protocol": "v2", "x_level": True, **given})


def message(operation: str, user: Any = "", data: Any = "", reference: Any = "ref1", **more: Any) -> dict[str, Any]:
    """A command; `more` replaces members of ApiRequestInfo, None takes one out, `tag` is the ServiceTagId."""
    tag = more.pop("tag", "SIM1")
    info = {
        "AuthToken": TOKEN,
        "Operation": operation,
        "UserId": user,
        "OperationTime": "1600000000",
        "OperationReferenceId": reference,
        "OperationData": data,
    }
    told = {name: value for name, value in {**info, **more}.items() if value is not None}
    return {"ServiceTagId": tag, "ApiRequestInfo": told}


def form(body: Any, key: str | None = None) -> bytes:
    """The form field; with `key` ApiRequestInfo is encrypted."""
    if key is not None:
        info = cipher.encrypt(key, json.dumps(body["ApiRequestInfo"]).encode()).decode()
        body = {**body, "ApiRequestInfo": info}
    return b"request_data=" + quote_plus(json.dumps(body)).encode()


def post_later(sim: Sim, body: bytes, path: str = PATH) -> Future[Answer]:
    """Bytes to the v2 path; they have arrived when this returns."""
    return sim.post_later(body, "", path, Content_Type=FORM)


def post(sim: Sim, body: bytes, path: str = PATH) -> Answer:
    """Bytes to the v2 path."""
    return post_later(sim, body, path).result(30)


def opened(answer: Answer) -> dict[str, Any]:
    """The message of an answer, encrypted with KEY or plain."""
    assert answer.status == 200
    body = answer.body if answer.body[:1] == b"{" else cipher.decrypt(KEY, answer.body)
    return dict(json.loads(body))


def call(
    sim: Sim,
    operation: str,
    user: Any = "",
    data: Any = "",
    reference: Any = "ref1",
    *,
    key: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Send a command and give its immediate answer."""
    return opened(post(sim, form(message(operation, user, data, reference, **more), key)))


def told(received: Received, key: str | None = None) -> dict[str, Any]:
    """A callback as its receiver reads it."""
    assert received.headers["Content-Type"].startswith(FORM)
    body = json.loads(parse_qs(received.body.decode(), strict_parsing=True)["request_data"][0])
    if key is not None:
        body["ApiRequestInfo"] = json.loads(cipher.decrypt(key, body["ApiRequestInfo"].encode()))
    return dict(body)


def callbacks(sim: Sim, operation: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
    """`ApiRequestInfo` of every callback so far, or of those of one operation."""
    infos = [told(item, key)["ApiRequestInfo"] for item in sim.receiver.received]
    return [info for info in infos if operation in (None, info["Operation"])]


def lazy(sim: Sim, key: str | None = None) -> list[tuple[str, str, Any]]:
    """(operation, reference, code) of the lazy replies so far."""
    return [
        (info["Operation"], info["OperationReferenceId"], info["OperationData"]["StatusCode"])
        for info in callbacks(sim, key=key)
        if isinstance(info["OperationData"], dict) and "StatusCode" in info["OperationData"]
    ]


def dates(sim: Sim, begin: int = -YEAR, end: int = YEAR) -> tuple[int, int]:
    """Activation and expiry around the simulator's now, seconds from it."""
    now = sim.host.runtime.now() // 1000
    return now + begin, now + end
