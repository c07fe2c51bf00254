"""Settings: what is refused, and that the message names the option and the way out."""

from __future__ import annotations

import msgspec
import pytest

from camsim_loadtests.plan.settings import Settings, SettingsError, checked

GOOD = Settings(url="http://127.0.0.1/")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"url": "ftp://x"}, "ftp://x"),
        ({"profile": "tsunami"}, "--profile 'tsunami'.*shift-start"),
        ({"protocol": "v4"}, "--protocol"),
        ({"devices": 0}, "--devices 0"),
        ({"rate": 0.0}, "--rate"),
        ({"duration_s": 0.0}, "--duration"),
        ({"people": 5, "devices": 6}, "--people 5.*raise --people"),
        ({"people": 1, "devices": 1, "rate": 50.0}, "raise --people to 10[01]"),
        ({"lost_ack": 1.0}, "--lost-ack"),
        ({"duplicates": 1.5}, "--duplicates"),
        ({"drain_limit_s": -1.0}, "--drain-limit"),
        ({"security_key": "short"}, "--security-key"),
        ({"auth_token": ""}, "--auth-token is empty"),
        ({"profile": "encrypted"}, "give the --security-key"),
        ({"profile": "rest-flood", "protocol": "v2"}, "leave --protocol out"),
        ({"first_user": 999_999_999}, "--first-user"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(change, named):
    with pytest.raises(SettingsError, match=named):
        checked(msgspec.structs.replace(GOOD, **change))


def test_the_people_asked_for_are_enough():
    with pytest.raises(SettingsError) as refused:
        checked(msgspec.structs.replace(GOOD, people=1, devices=1))
    enough = int(str(refused.value).split("raise --people to ")[1].split()[0])

    assert checked(msgspec.structs.replace(GOOD, people=enough, devices=1)).people == enough


def test_settings_survive_the_way_to_a_worker():
    settings = msgspec.structs.replace(GOOD, rate=12.5, auth_token="A" * 32)

    assert msgspec.json.decode(msgspec.json.encode(settings), type=Settings) == settings


@pytest.mark.parametrize(("given", "workers", "each"), [(0, 2, 50), (10, 2, 5), (1, 4, 1)])
def test_connections_are_one_a_device_unless_told(given, workers, each):
    assert msgspec.structs.replace(GOOD, connections=given).connections_each(workers) == each
