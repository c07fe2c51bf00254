"""What our own pages, helps and greetings say of the simulator is so."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from running_sim import START_MS, TOKEN, Sim, device

from camsim.cli import app, greeting, serve
from camsim.client import ApiError, Client
from camsim.protocol.vocabulary import Protocol
from camsim.settings import Settings, SiteError, load

Start = Callable[..., Sim]
DOCS = Path(__file__).parents[2] / "docs"
PHOTO = b64encode(b"\xff\xd8\xff\xe0 a picture").decode()
FLAGS: dict[str, Any] = dict.fromkeys(signature(app.serve).parameters)


def site(**flags: object) -> Settings:
    """The settings of `camsim serve` with these flags."""
    return serve.settings_of({**FLAGS, "horizon": "48h", "journal_full": False, **flags})


# --- tokens: any text that is not empty -------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", " ", "\t"])
def test_an_empty_token_is_refused_wherever_one_is_given(sim: Sim, tmp_path: Path, token: str) -> None:
    for method, path, body in (
        ("POST", "devices", {"id": "SIM2", "auth_token": token}),
        ("PATCH", "devices/SIM1", {"auth_token": token}),
    ):
        refused = sim.api(method, path, body)
        assert (refused.status, refused.message["error"]["code"]) == (422, "invalid_value"), path
        assert "auth_token" in refused.message["error"]["message"]
    file = tmp_path / "site.toml"
    file.write_text(f'[[devices]]\nauth_token = "{token}"\n'.replace("\t", "\\t"))
    with pytest.raises(SiteError, match=r"auth_token"):
        load(file)
    with pytest.raises(SiteError, match=r"auth_token"):
        site(auth_token=token)
    # and nobody comes in with none: the token of the device is what it was
    info = {"Load": {"DeviceInformation": "All"}}
    assert sim.rest({**info, "AuthToken": token}).code == 7
    assert sim.rest({**info, "AuthToken": TOKEN}).code == 0


def test_a_token_may_have_any_length(sim: Sim) -> None:
    assert sim.api("PATCH", "devices/SIM1", {"auth_token": "short"}).status == 200
    assert sim.rest({"Load": {"DeviceInformation": "All"}, "AuthToken": "short"}).code == 0


# --- flags override the site file -------------------------------------------------------------------------------------

SITE = """
people = 3
[gateway]
seed = 7
profile = "strict"
clock = "auto"
rest.latency = "9s"
[[devices]]
id = "DOOR{:02d}"
model = "i34"
callback_url = "http://127.0.0.1:1/one"
auth_token = "of the file"
"""


def test_every_flag_overrides_the_site_file(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SITE)
    assert (load(file).devices[0].count, load(file).devices[0].users) == (1, 3)
    key = "0123456789abcdef0123456789abcdef"
    got = site(
        config=file, devices=4, users=9, model="f38", callback_url="http://127.0.0.1:2/two", auth_token="of the flag",
        security_key=key, protocol="v2", seed=8, profile="observed", clock="manual", latency="2s",
    )  # fmt: skip
    (spec,) = got.devices
    assert (spec.id, spec.count, spec.users, spec.model) == ("DOOR{:02d}", 4, 9, "f38")
    assert (spec.callback_url, spec.auth_token) == ("http://127.0.0.1:2/two", "of the flag")
    assert (spec.security_key, spec.protocol) == (key, Protocol.V2)
    assert (got.seed, got.profile, got.clock, got.knobs["rest.latency"]) == (8, "observed", "manual", "2s")


def test_devices_of_a_site_without_any_are_the_usual_ones_and_0_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("[gateway]\nseed = 7\n")
    (usual,) = site(config=file, devices=2).devices
    assert (usual.id, usual.count) == ("SIM{:05d}", 2)
    file.write_text(SITE)
    assert site(config=file, devices=0).devices == []


def test_devices_of_a_site_with_several_kinds_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SITE + '[[devices]]\nid = "GATE"\n')
    with pytest.raises(SiteError, match=r"--devices 4: .*DOOR.*GATE"):
        site(config=file, devices=4)
    assert site(config=file, devices=0).devices == []


# --- cards and PINs are masked where templates are hashed -------------------------------------------------------------


def test_cards_and_pins_are_not_shown(start_sim: Start) -> None:
    sim = start_sim(device(users=0))
    written: list[object] = [{"type": "Card", "data": "9804445"}, {"type": "Password", "data": "1472"}, "Fingerprint"]
    sim.api("POST", "devices/SIM1/users", {"user": "7", "templates": written, "split": "all"})
    message = {"User": {"UserID": "8"}, "Template": [{"Type": "Password", "UserID": "8", "Data": "582936"}]}
    assert sim.rest({"Add": message}).code == 0
    sim.idle()
    told = [sim.api("GET", path).body.decode() for path in ("devices/SIM1/users", "journal?limit=50")]
    assert [secret for secret in ("9804445", "1472", "582936") if any(secret in text for text in told)] == []
    first = json.loads(told[0])["users"][0]["templates"]
    shown = {one["type"]: set(one) for one in first}
    assert shown == {
        "Card": {"type", "index", "size"},
        "Password": {"type", "index", "size"},
        "Fingerprint": {"type", "index", "sha256", "size"},
    }


def test_a_v2_pin_is_not_shown_either(start_sim: Start) -> None:
    sim = start_sim(device(users=0, protocol=Protocol.V2))
    sim.api("POST", "devices/SIM1/users", {"user": "7", "templates": [{"type": "Password", "data": "147258"}]})
    sim.idle()
    assert b"147258" in sim.receiver.received[0].body
    assert "147258" not in sim.api("GET", "journal").body.decode()


# --- a photo is checked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("photo", ["@@@", "", "aGVsbG8=", PHOTO + "\n", PHOTO[:-1]])
def test_a_photo_that_is_no_jpeg_in_base64_is_refused(sim: Sim, photo: str) -> None:
    refused = sim.api("POST", "devices/SIM1/punches", {"user": "1", "photo": photo})
    assert (refused.status, "photo" in refused.message["error"]["message"]) == (422, True)
    assert sim.slot().device.log_count == 0


def test_a_photo_of_ones_own_goes_out_as_it_is(sim: Sim) -> None:
    assert sim.punch("1", photo=PHOTO)["recorded"]
    sim.idle()
    assert [log["LogPhoto"] for log in sim.receiver.frames("Log")] == [PHOTO]


# --- several punches in one second ------------------------------------------------------------------------------------


def test_punches_of_one_second_have_the_following_seconds_unless_a_time_is_asked_for(sim: Sim) -> None:
    seconds = [sim.punch("1")["log_time"][17:19] for _ in range(3)]
    assert seconds == ["40", "41", "42"]
    asked = [sim.punch("2", at="2020-09-13 12:00:00 GMT +0000")["log_time"][11:19] for _ in range(2)]
    assert asked == ["17:30:00", "17:30:00"]
    page = " ".join((DOCS / "management-api.md").read_text("utf-8").split())
    assert "nobody punches twice in one second" in page


# --- the uplink -------------------------------------------------------------------------------------------------------


def test_while_the_uplink_is_down_callbacks_wait_and_commands_are_answered(sim: Sim) -> None:
    sim.api("POST", "uplink", {"up": False})
    sim.punch("1")
    sim.idle()
    assert sim.rest({"Delete": {"User": {"UserID": "2"}}}).code == 0
    assert sim.receiver.received == []
    sim.api("POST", "uplink", {"up": True})
    sim.idle()
    assert len(sim.receiver.received) == 1


# --- ?state= ----------------------------------------------------------------------------------------------------------


def test_a_state_that_no_command_can_be_in_is_refused(sim: Sim) -> None:
    refused = sim.api("GET", "commands?state=foo")
    assert (refused.status, refused.message["error"]["hint"]) == (422, "allowed: waiting, running, parked, lost")
    for state in ("waiting", "running", "parked", "lost"):
        assert sim.api("GET", f"commands?state={state}").message == {"commands": []}


# --- when time begins -------------------------------------------------------------------------------------------------

MOMENTS = ["2020-09-17 07:48:22 GMT +0530", "2020-09-17T07:48:22+05:30", "2020-09-17 02:18:22", "2020-09-17T02:18:22Z"]


@pytest.mark.parametrize("text", MOMENTS)
def test_start_of_serve_and_of_set_clock_mean_the_same(sim: Sim, text: str) -> None:
    began_s = 1_600_309_102
    assert site(start=text).start_ms == began_s * 1000
    with Client(sim.host.management_url) as client:
        with pytest.raises(ApiError, match="without devices"):
            client.set_clock("manual", start=text)
        client.reset()
        assert client.set_clock("manual", start=text).now == began_s
        client.device("SIM1", users=1).punch("1")
        client.advance("3h")
        client.reset()
        assert client.clock.now == began_s


def test_seconds_are_a_start_too_and_a_wrong_one_changes_nothing(sim: Sim) -> None:
    sim.api("POST", "reset")
    assert sim.api("PUT", "clock", {"mode": "auto", "start": 1_600_309_102}).message["now"] == 1_600_309_102
    refused = sim.api("PUT", "clock", {"mode": "manual", "start": "soon"})
    assert (refused.status, sim.api("GET", "clock").message["mode"]) == (422, "auto")


def test_a_start_holds_for_a_clock_that_runs_and_after_it_stood_for_the_next_world(start_sim: Start) -> None:
    sim = start_sim(clock="real")
    sim.api("POST", "reset")
    began = sim.api("PUT", "clock", {"mode": "real", "start": "2020-09-17T00:00:00Z"}).message["now"]
    assert 1_600_300_800 <= began < 1_600_300_860
    sim.api("PUT", "clock", {"mode": "manual"})
    sim.api("POST", "reset")
    assert sim.api("GET", "clock").message["now"] == 1_600_300_800


def test_what_serve_was_started_at_is_where_a_reset_begins_whatever_the_clock_was(start_sim: Start) -> None:
    sim = start_sim(clock="scaled:2")
    sim.api("PUT", "clock", {"mode": "manual"})
    sim.api("POST", "reset")
    assert sim.api("GET", "clock").message["now"] == START_MS / 1000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "2020-09-13 12:26:40 GMT +0000 (as --start says)"),
        ({"start_ms": None}, "(48 h before now, as far as jumps go; --start sets it)"),
        ({"start_ms": None, "clock": "auto", "horizon_ms": 3_600_000}, "(1 h before now, as far as"),
    ],
)
def test_serve_says_when_time_begins(start_sim: Start, given: dict[str, Any], said: str) -> None:
    (line,) = re.findall(r"^  time .*$", greeting.greeting(start_sim(**given).host), re.MULTILINE)
    assert said in line


def test_serve_says_nothing_of_a_time_that_is_the_hosts(start_sim: Start) -> None:
    assert "  time " not in greeting.greeting(start_sim(clock="real", start_ms=None).host)


def test_the_pages_say_when_time_begins() -> None:
    for page in ("site.md", "management-api.md", "cookbook/pytest.md"):
        text = " ".join((DOCS / page).read_text("utf-8").split())
        assert "48 hours" in text, page
        assert "start" in text, page
