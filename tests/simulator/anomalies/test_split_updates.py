"""A change of a user told in portions, and the OperationIDs of the portions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from running_sim import Sim

Start = Callable[..., Sim]
FOUR = ["Card", "Password", "Fingerprint", {"type": "Fingerprint", "index": 1}]


@pytest.mark.parametrize(
    ("how", "portions"),
    [
        ("per_template", [0, 1, 1, 1, 1]),
        ("grouped", [0, 2, 1, 1]),
        ("by_type", [0, 1, 1, 2]),
        ("all", [0, 4]),
    ],
)
def test_templates_come_in_the_portions_asked_for(sim: Sim, how: str, portions: list[int]) -> None:
    sim.control("put_user", user="9", first_name="Nine", templates=FOUR, split=how)
    sim.idle()

    assert [len(update["Template"]) for update in sim.receiver.frames("UserUpdated")] == portions


def test_a_seeded_split_differs_from_change_to_change(start_sim: Start) -> None:
    sim = start_sim(knobs={"split": "seeded"})
    shapes = set()
    for number in range(12):
        sim.receiver.received.clear()
        sim.control("put_user", user=str(10 + number), first_name="N", templates=FOUR)
        sim.idle()
        shapes.add(tuple(len(update["Template"]) for update in sim.receiver.frames("UserUpdated")))

    assert len(shapes) >= 3


def test_two_fingers_can_share_a_callback(sim: Sim) -> None:
    fingers = ["Fingerprint", {"type": "Fingerprint", "index": 1}]
    sim.control("put_user", user="1", templates=fingers, split="by_type")
    sim.idle()

    (update,) = sim.receiver.frames("UserUpdated")
    assert [(item["Type"], item["Index"]) for item in update["Template"]] == [
        ("Fingerprint", "0"),
        ("Fingerprint", "1"),
    ]


def test_card_and_pin_of_one_change_can_share_their_operation_id(start_sim: Start) -> None:
    sim = start_sim(knobs={"opid.share_on_split": True})
    sim.control("put_user", user="1", templates=["Card", "Password"])
    sim.control("put_user", user="2", templates=["Card"])
    sim.punch("1")
    sim.idle()

    numbers = [message["RealTime"]["OperationID"] for message in sim.receiver.messages]
    assert numbers[0] == numbers[1]
    assert len(set(numbers[1:])) == 3, "another user and a punch have OperationIDs of their own"


def test_operation_ids_are_unique_as_documented(sim: Sim) -> None:
    sim.control("put_user", user="1", templates=["Card", "Password", "Fingerprint"])
    sim.idle()

    numbers = [message["RealTime"]["OperationID"] for message in sim.receiver.messages]
    assert len(numbers) == len(set(numbers)) == 3
