"""site.toml: a wrong one names key, value and what is allowed; a right one becomes devices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from camsim import settings as site
from camsim.settings import SiteError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a site file."""

    def make(text: str) -> Path:
        path = tmp_path / "site.toml"
        path.write_text(text, "utf-8")
        return path

    return make


KEY = "0123456789abcdef0123456789abcdef"
WHOLE = f"""
people = 3
[gateway]
seed = 7
clock = "manual"
profile = "observed"
rest.latency = "1s"
"retry.schedule" = [5, 10]
[[models]]
key = "tiny"
templates = ["Card"]
camera = false
[models.capacity]
users = 2
[[devices]]
id = "DOOR{{:02d}}"
count = 2
model = "tiny"
mode = "sdk-direct"
timezone = "Asia/Kolkata"
callback_url = "http://127.0.0.1:8123/callback"
security_key = "{KEY}"
licence_end = "2030-01-01 00:00:00"
users = 1
[[devices]]
id = "GATE"
[[faults]]
where = "callback.answer"
do = "drop"
when = {{ next = 3 }}
"""


def test_a_whole_site_is_read(write: Write) -> None:
    settings = site.load(write(WHOLE))
    assert (settings.seed, settings.clock, settings.profile) == (7, "manual", "observed")
    assert settings.knobs == {"rest.latency": "1s", "retry.schedule": [5, 10]}
    assert settings.models["tiny"].capacity.users == 2
    assert [(spec.id, spec.count, spec.users) for spec in settings.devices] == [("DOOR{:02d}", 2, 1), ("GATE", 1, 3)]
    assert settings.faults[0]["do"] == "drop"


def test_an_empty_site_is_the_default_one(write: Write) -> None:
    assert site.load(write("")) == site.Settings()


def test_people_may_be_listed(write: Write) -> None:
    text = '[[devices]]\nid = "A"\n[[people]]\nid = "7"\nfirst_name = "Ann"\ntemplates = ["Card"]\n'
    (spec,) = site.load(write(text)).devices
    assert isinstance(spec.users, list)
    assert (spec.users[0].id, spec.users[0].first_name) == ("7", "Ann")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = 1", ["table 'seed'", "gateway, models, devices, people, faults"]),
        ("gateway = 1", ["gateway", "[gateway]"]),
        ('[gateway]\nseed = "x"', ["gateway.seed", "'x'"]),
        ('[gateway]\nclock = "fast"', ["'fast'", "real, manual, auto, scaled:N"]),
        ('[gateway]\nprofile = "odd"', ["'odd'", "documented"]),
        ('[gateway]\nrest.latncy = "1s"', ["rest.latncy", "rest.latency"]),
        ('[gateway]\nrest.latency = "soon"', ["rest.latency", "soon", "15s"]),
        ('[gateway]\n"ack.http" = 201', ["ack.http", "201", "200"]),
        ("devices = 3", ["devices", "[[devices]]"]),
        ('[[devices]]\nmodle = "x"', ["devices[0].modle", "model"]),
        ('[[devices]]\nmodel = "x99"', ["devices[0].model", "'x99'", "f38+"]),
        ('[[devices]]\nmode = "wifi"', ["devices[0].mode", "'wifi'", "native", "db-direct"]),
        ('[[devices]]\nprotocol = "v1"', ["devices[0].protocol", "'v1'", "v2, v3"]),
        ('[[devices]]\ncount = "two"', ["devices[0].count", "'two'"]),
        ("[[devices]]\ncount = 0", ["devices[0].count", "0", "1 to 100000"]),
        ("[[devices]]\nid = 'A'\ncount = 2", ["devices[0].id", "'A'", "{:05d}"]),
        ('[[devices]]\nsecurity_key = "short"', ["devices[0].security_key", "32"]),
        ('[[devices]]\ncallback_url = "ftp://x"', ["devices[0].callback_url", "'ftp://x'", "http"]),
        ('[[devices]]\ntimezone = "Mars/Base"', ["devices[0].timezone", "'Mars/Base'", "+0530"]),
        ('[[devices]]\nlicence_end = "soon"', ["devices[0].licence_end", "'soon'", "2020-09-17"]),
        ('[[devices]]\ndirection = "sideways"', ["devices[0].direction", "'sideways'", "zigzag"]),
        ("[[devices]]\nusers = -1", ["devices[0].users", "-1"]),
        ('[[devices]]\ntemplates = ["Iris"]', ["devices[0].templates", "'Iris'", "Fingerprint"]),
        ("people = -1", ["people", "-1", "0 to 100000"]),
        ('[[people]]\nname = "x"', ["people[0].name", "first_name"]),
        ('[[models]]\nname = "x"', ["models[0]", "key"]),
        ('[[models]]\nkey = "m"\ncapacity = {users = "many"}', ["models[0].capacity.users", "'many'"]),
        ('[[faults]]\nwhere = "x"\ndo = "drop"', ["faults[0].where", "'x'", "callback.answer"]),
        ('[[faults]]\nwhere = "callback.answer"\ndo = "explode"', ["faults[0].do", "'explode'", "drop"]),
        ('[[faults]]\nwhere = "callback.answer"\ndo = "drop"\nwhen = {p = 2}', ["faults[0].when.p", "2", "0 to 1"]),
        ('[[devices]]\nid = "A"\n[[devices]]\nid = "A"', ["'A'", "twice"]),
        ("[gateway", ["TOML"]),
    ],
)
def test_a_wrong_site_names_key_value_and_what_is_allowed(write: Write, text: str, words: list[str]) -> None:
    with pytest.raises(SiteError) as caught:
        site.load(write(text))
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"cannot read .*none\.toml"):
        site.load(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SiteError, match="is not TOML"):
        site.load(tmp_path / "x.toml")
