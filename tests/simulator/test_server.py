"""The gateway port as HTTP: paths, methods, limits, status codes, TLS, large answers."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.web
import pytest
import trustme
from running_sim import KEY, TOKEN, Sim, device

Start = Callable[..., Sim]
INFORMATION = {"Load": {"DeviceInformation": "All"}}
EVER = {"StartTime": "2020-01-01 00:00:00 GMT +0000", "EndTime": "2020-12-31 00:00:00 GMT +0000"}


def _body(message: dict[str, Any], token: str = TOKEN) -> bytes:
    return json.dumps({**message, "OperationID": "o", "AuthToken": token}).encode()


def test_an_unknown_path_is_404_and_noted(sim: Sim) -> None:
    answer = sim.post(_body(INFORMATION), path="/external/api3.0")
    assert (answer.status, sim.entries[-1].field, sim.entries[-1].http) == (404, "path", 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_another_method_is_405_and_says_which_is_allowed(sim: Sim, method: str) -> None:
    answer = sim.post(b"", method=method)
    assert (answer.status, answer.headers["Allow"], sim.entries[-1].field) == (405, "POST", "method")


@pytest.mark.parametrize(("size", "status"), [(2000, 200), (2001, 413)])
def test_the_body_limit_is_a_knob(start_sim: Start, size: int, status: int) -> None:
    sim = start_sim(knobs={"rest.max_body": 2000})
    assert sim.post(b"x" * size).status == status


def test_answers_are_json(sim: Sim) -> None:
    assert sim.rest(INFORMATION).headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("message", "token", "query", "status"),
    [
        (INFORMATION, TOKEN, "stgid=SIM1", 200),
        ({"Delete": {"User": {"UserID": ""}}}, TOKEN, "stgid=SIM1", 400),
        (INFORMATION, TOKEN, "stgid=nobody", 404),
        ({}, TOKEN, "stgid=SIM1", 400),
        (INFORMATION, "x", "stgid=SIM1", 401),
        ({"Add": {"User": {"UserID": "1"}}}, TOKEN, "stgid=SIM1", 409),
        ({"Delete": {"User": {"UserID": "99"}}}, TOKEN, "stgid=SIM1", 404),
        ({"Enroll": {"User": {"UserID": "1", "Type": "Face"}}}, TOKEN, "stgid=SIM1", 501),
    ],
)
def test_with_mapped_status_the_code_is_in_the_http_status_too(
    start_sim: Start, message: dict[str, Any], token: str, query: str, status: int
) -> None:
    sim = start_sim(knobs={"rest.http_status": "mapped"})
    assert sim.post(_body(message, token), query).status == status
    assert start_sim().post(_body(message, token), query).status == 200


@pytest.mark.parametrize(
    ("text", "wanted"), [("label", "Invalid Auth Token"), ("enum", "API_RESPONSE_INVALID_AUTH_TOKEN")]
)
def test_the_words_of_an_error_are_a_knob(start_sim: Start, text: str, wanted: str) -> None:
    sim = start_sim(knobs={"rest.status_text": text})
    assert sim.post(_body(INFORMATION, "x")).message["Status"] == wanted


def test_an_answer_echoes_the_operation_id(sim: Sim) -> None:
    assert sim.rest({**INFORMATION, "OperationID": "żółć-1"}).message["OperationID"] == "żółć-1"


def test_another_content_type_is_only_noted(sim: Sim) -> None:
    assert sim.post(_body(INFORMATION), Content_Type="text/plain").code == 0
    assert any("Content-Type" in note for note in sim.entries[-1].lint)


@pytest.mark.parametrize("key", [None, KEY])
def test_an_answer_above_a_megabyte_arrives_whole(start_sim: Start, key: str | None) -> None:
    sim = start_sim(device(logs=12_000, security_key=key))
    from camsim.protocol import cipher

    body = _body({"Load": {"PunchLog": {"Filter": EVER}}})
    answer = sim.post(body if key is None else cipher.encrypt(key, body))
    assert len(answer.body) > 1024 * 1024
    plain = answer.body if key is None else cipher.decrypt(key, answer.body)
    assert len(json.loads(plain)["PunchLog"]["Log"]) == 12_000


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of the tests' own."""
    return trustme.CA()


def _pem(authority: trustme.CA, folder: Path) -> tuple[Path, Path]:
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    for blob in issued.cert_chain_pems:
        blob.write_to_path(str(folder / "cert.pem"), append=True)
    return folder / "cert.pem", folder / "key.pem"


def test_the_gateway_serves_https_with_a_certificate(start_sim: Start, authority: trustme.CA, tmp_path: Path) -> None:
    cert, key = _pem(authority, tmp_path)
    sim = start_sim(tls_cert=cert, tls_key=key)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)

    async def ask() -> int:
        url = f"{sim.host.gateway_url}/?stgid=SIM1"
        async with aiohttp.ClientSession() as client, client.post(url, data=_body(INFORMATION), ssl=trust) as answer:
            code: int = (await answer.json())["StatusCode"]
            return code

    assert sim.host.gateway_url.startswith("https://")
    assert sim.loop.run(ask()) == 0


@pytest.mark.parametrize(("trusted", "acknowledged"), [(True, 1), (False, 0)])
def test_callbacks_go_over_https_to_a_certificate_that_is_trusted(
    start_sim: Start, authority: trustme.CA, tmp_path: Path, trusted: bool, acknowledged: int
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    sim = start_sim(ca=tmp_path / "ca.pem" if trusted else None)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def listen() -> tuple[Any, int]:
        site = aiohttp.web.ServerRunner(aiohttp.web.Server(sim.receiver, access_log=None))
        await site.setup()
        await aiohttp.web.TCPSite(site, "127.0.0.1", 0, ssl_context=context).start()
        return site, site.addresses[0][1]

    site, port = sim.loop.run(listen())
    sim.control("patch_device", callback_url=f"https://127.0.0.1:{port}/callback")
    sim.punch("1")
    sim.advance(1)
    assert (len(sim.receiver.received), sim.slot().outbox.pushed) == (acknowledged, acknowledged)
    if not trusted:
        assert "certificate" in (sim.slot().outbox.problem or "").lower()
    sim.loop.run(site.cleanup())
    sim.loop.run(asyncio.sleep(0))
