"""Secrets put wherever a caller can put something: no answer, export, table, report or message shows them."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

import pytest
from running_sim import Sim, device

from camsim.control.routes import ROUTES
from camsim.secrecy import NONE, Secrets, is_private, is_secret, of_url, without_credentials
from camsim.state.gateway import State
from camsim.state.known_secrets import KnownSecrets

Start = Callable[..., Sim]
TOKEN = "Zx9+k/PQ7eiiPBGUfmIQPvh2PJWWDLX7"
KEY = "8f14e45fceea167a5a36dedd4bea2543"
PASSWORD, MANAGEMENT, CARD, PIN = "p4ssw0rd-of-url", "management-s3cret", "4012888888881881", "739154"
BOTH = "/external/api3.0/biometric", "/external/2.0/biometric"


# --- the rules --------------------------------------------------------------------------------------------------------


NAMES = (
    "AuthToken authtoken AUTHTOKEN AuthTOKEN auth_token auth-token Auth-Token X-Auth-Token token accessToken "
    "SecurityKey security_key password PassWd client_secret api-key Authorization"
)


@pytest.mark.parametrize("name", NAMES.split())
def test_a_secret_is_known_by_its_name_however_it_is_written(name: str) -> None:
    assert is_secret(name)
    for value in (TOKEN, [TOKEN], {"x": [{"y": TOKEN}]}):
        assert TOKEN not in json.dumps(NONE.masked({"a": [{name: value}]}))
    assert NONE.masked({name: 12345678901}) == {name: "12…01"}
    assert TOKEN not in without_credentials(f"POST /x?a=1&{name}={TOKEN}&b=2")


@pytest.mark.parametrize("name", ["Data", "data", "DATA", "Template", "LogPhoto", "Card", "card_no", "PIN", "pin-code"])
def test_a_template_card_or_pin_is_known_by_its_name(name: str) -> None:
    assert is_private(name)
    for value in (CARD, int(CARD), [CARD], [[int(CARD)]]):
        assert CARD not in json.dumps(NONE.masked({name: value}))
    assert NONE.masked({name: "", "Size": 3, "On": True}) == {name: "", "Size": 3, "On": True}


@pytest.mark.parametrize(
    "name", ["UserID", "Type", "Index", "OperationID", "key", "card_reader", "spin", "tokens_left"]
)
def test_other_names_are_shown(name: str) -> None:
    assert not is_secret(name)
    assert not is_private(name)


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"'{TOKEN}' is no registered device",
        f"GET /{TOKEN}/x",
        urllib.parse.quote(TOKEN, safe=""),
        TOKEN.lower(),
        f"aa{TOKEN}bb{TOKEN.upper()}",
        f"{TOKEN[:24]}' is no registered device",
        f"\u0130{TOKEN}",
    ],
)
def test_a_token_in_use_is_found_in_any_text(text: str) -> None:
    for secrets in (Secrets([TOKEN]), Secrets([TOKEN, *(f"{number:032d}" for number in range(200))])):
        left = secrets.text(text).lower()
        assert TOKEN[:12].lower() not in left
        assert TOKEN[-12:].lower() not in left
        assert secrets.masked({text: [text]}) == {secrets.text(text): [secrets.text(text)]}


def test_a_short_token_is_one_in_quotes_alone() -> None:
    secrets = Secrets(["se.x"])
    assert secrets.text("'se.x' is no device, sexy is a word, \"SE.X\"") == "'…' is no device, sexy is a word, \"…\""


@pytest.mark.parametrize(
    ("url", "shown", "secret"),
    [
        ("http://user:p%40ss@host:1/x?y=1", "http://…@host:1/x?y=1", "p@ss"),
        ("https://ghp_token@host/", "https://…@host/", "ghp_token"),
        ("http://:p@[::1]/", "http://…@[::1]/", "p"),
        ("http://host/a@b", "http://host/a@b", None),
        ("http://host/?authtoken=abc&x=1", "http://host/?authtoken=…&x=1", None),
        ("http://[broken", "http://[broken", None),
    ],
)
def test_a_url_shows_no_password(url: str, shown: str, secret: str | None) -> None:
    assert without_credentials(f"to {url}") == f"to {shown}"
    assert secret is None or secret in of_url(url)


def test_long_texts_are_searched_in_a_time_that_grows_with_their_length() -> None:
    secrets, began = Secrets([TOKEN]), time.monotonic()
    for text in ("a" * 500_000, "a-" * 250_000, "token" * 100_000, "://" * 150_000, "x=" * 250_000, "'" * 500_000):
        secrets.text(text)
    assert time.monotonic() - began < 20  # seconds where it is quadratic, minutes


def test_the_secrets_of_a_state_follow_it_and_are_not_forgotten_at_once(sim: Sim) -> None:
    known = KnownSecrets(["more"])
    assert known.of(State()).known == {"more"}
    assert known.of(sim.host.runtime.kernel.state) is known.of(sim.host.runtime.kernel.state)
    before = known.of(sim.host.runtime.kernel.state).known
    assert known.of(State()).known >= before


# --- everywhere -------------------------------------------------------------------------------------------------------


def _call(url: str, method: str, body: bytes | None = None, **headers: str) -> bytes:
    asked = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as answer:
        return bytes(answer.read())


def _put_everywhere(sim: Sim) -> None:
    """Calls of a careless client: its token in every place that one can write to."""
    gateway, quoted = sim.host.gateway_url, urllib.parse.quote(TOKEN, safe="")
    bodies = [
        {"AuthToken": TOKEN, "OperationID": TOKEN, "Load": {"User": {}}, "Time": TOKEN},
        {"authtoken": TOKEN, "auth_token": [TOKEN], "X": {"AUTHTOKEN": {"y": TOKEN}}, TOKEN: TOKEN},
        {"AuthToken": TOKEN, "OperationID": "o1", "Time": "2020-09-17 11:09:09 GMT +0530", "Add": {
            "User": {"UserID": "77", "FirstName": TOKEN, "LastName": PASSWORD, "UserType": "USER"},
            "Template": [{"Type": "Card", "UserID": "77", "Data": CARD}, {"Type": "Pin", "data": int(PIN)}]}},
        [TOKEN], TOKEN, f"{KEY} {KEY}",
        {"Message": f"see http://u:{PASSWORD}@host/?token={TOKEN}", "card_no": CARD, "pin": PIN},
    ]  # fmt: skip
    raw = [
        TOKEN.encode(),
        f"AuthToken={quoted}&x=1".encode(),
        b'{"AuthToken": "' + TOKEN.encode(),
        b"\xff" + TOKEN.encode(),
    ]
    for path in (*BOTH, "/", f"/{quoted}", f"/x?authtoken={quoted}"):
        for body in [*(json.dumps(one).encode() for one in bodies), *raw]:
            for tag in ("SIM1", "SIM2", quoted, KEY, f"SIM1&stgid={quoted}"):
                where = f"{gateway}{path}{'&' if '?' in path else '?'}stgid={tag}"
                _call(where, "POST", body, **{"Content-Type": "application/json", "X-Auth-Token": TOKEN})
        rows = [{"Type": "Card", "Template": CARD}, {"Type": "Pin", "Template": PIN}]
        info = {"AuthToken": TOKEN, "Operation": TOKEN, "UserId": TOKEN, "OperationData": {"Signature": rows}}
        form = urllib.parse.urlencode({"request_data": json.dumps({"ApiRequestInfo": info, "ServiceTagId": TOKEN})})
        _call(f"{gateway}{path}", "POST", form.encode())
        _call(f"{gateway}{path}", "GET")


def _told(sim: Sim) -> str:
    """Everything that the control API tells, errors that quote a secret included."""
    api, bearer, quoted = (
        sim.host.management_url,
        {"Authorization": f"Bearer {MANAGEMENT}"},
        urllib.parse.quote(TOKEN, safe=""),
    )
    told = [_call(f"{api}/api/journal?limit=1000", "GET", **bearer)]
    for route in ROUTES:
        for tag in ("SIM1", quoted):
            path = re.sub(r"\{\w+\}", tag, route.path)
            if route.method == "GET":
                told += [_call(f"{api}/api/{path}{query}", "GET", **bearer) for query in ("", f"?limit={quoted}")]
                continue
            if "SIM1" in path or route.path in ("reset", "journal/clear", "journal/wait", "clock/run-until-idle"):
                continue
            for body in (
                {"auth_token": 5, "callback_url": f"ftp://u:{PASSWORD}@h"},
                {TOKEN: TOKEN},
                {"seconds": TOKEN, "id": TOKEN},
            ):
                told.append(_call(f"{api}/api/{path}", route.method, json.dumps(body).encode(), **bearer))
    told.append(_call(f"{api}/api/journal?canonical=1", "GET", **bearer))
    told.append(_call(f"{api}/api/health", "GET", Authorization=f"Bearer {TOKEN}"))
    return b"\n".join(told).decode("utf-8", "replace")


def test_nothing_that_is_told_holds_a_secret(start_sim: Start) -> None:
    url = f"http://user:{PASSWORD}@127.0.0.1:9/callback?token={PASSWORD}"
    sim = start_sim(
        device(users=2, auth_token=TOKEN, callback_url=url),
        device("SIM2", security_key=KEY),
        management_token=MANAGEMENT,
    )
    _put_everywhere(sim)
    told = _told(sim)
    assert '"entries"' in told
    for secret in (
        TOKEN,
        KEY,
        TOKEN.replace("/", "\\/"),
        urllib.parse.quote(TOKEN, safe=""),
        PASSWORD,
        MANAGEMENT,
        CARD,
        PIN,
    ):
        at = told.lower().find(secret.lower())
        assert at < 0, told[max(0, at - 200) : at + 60]
