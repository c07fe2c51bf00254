"""Tokens and keys: wrong ones, those from before a rotation, and none."""

from __future__ import annotations

from collections.abc import Callable

from anomaly import on_request, users
from running_sim import KEY, Sim, device

from camsim.protocol import cipher

Start = Callable[..., Sim]
OTHER_KEY = "fedcba9876543210fedcba9876543210"


def test_a_wrong_token_is_nobodys(sim: Sim) -> None:
    on_request(sim, "wrong_token", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    first, second = (message["RealTime"]["AuthToken"] for message in sim.receiver.messages)
    assert first != second == sim.slot().config.auth_token


def test_the_old_token_is_the_one_from_before_the_change(sim: Sim) -> None:
    before = sim.slot().config.auth_token
    sim.control("patch_device", auth_token="B" * 32)
    on_request(sim, "old_token", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    assert [message["RealTime"]["AuthToken"] for message in sim.receiver.messages] == [before, "B" * 32]


def test_the_old_token_of_a_token_never_changed_is_the_token(sim: Sim) -> None:
    on_request(sim, "old_token")
    sim.punch("1")
    sim.idle()

    assert sim.receiver.messages[0]["RealTime"]["AuthToken"] == sim.slot().config.auth_token


def test_a_wrong_key_makes_bytes_that_the_right_key_cannot_open(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    on_request(sim, "wrong_key", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    first, second = (item.body for item in sim.receiver.received)
    assert _opens(OTHER_KEY, first) is _opens(KEY, first) is False
    assert _opens(KEY, second)


def test_the_old_key_is_the_one_from_before_the_rotation(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    sim.control("patch_device", security_key=OTHER_KEY)
    on_request(sim, "old_key", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    first, second = (item.body for item in sim.receiver.received)
    assert (_opens(KEY, first), _opens(OTHER_KEY, second)) == (True, True)


def test_what_waits_at_a_key_rotation_goes_out_under_the_new_key(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    sim.control("uplink", up=False)
    sim.punch("1")
    sim.control("patch_device", security_key=OTHER_KEY)
    sim.control("uplink", up=True)
    sim.idle()

    assert _opens(OTHER_KEY, sim.receiver.received[0].body)


def test_a_backlog_frozen_under_the_old_key_is_a_knob(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY), knobs={"enc.requeue": "frozen"})
    sim.control("uplink", up=False)
    sim.punch("1")
    sim.control("patch_device", security_key=OTHER_KEY)
    sim.control("uplink", up=True)
    sim.idle()

    assert _opens(KEY, sim.receiver.received[0].body)


def test_a_plain_body_can_come_although_a_key_is_set(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    on_request(sim, "plain_body")
    sim.punch("1")
    sim.idle()

    assert users(sim) == ["1"]


def _opens(key: str, body: bytes) -> bool:
    try:
        return cipher.decrypt(key, body).startswith(b"{")
    except cipher.CipherError:
        return False
