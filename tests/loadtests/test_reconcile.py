"""Stored exactly once: missing, doubled and invented punches are found and named."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import msgspec
import pytest

from camsim.protocol.timestamps import local
from camsim.readback.model import Capabilities, StoredPunch, StoredTemplate
from camsim.readback.rows import punch_of
from camsim_loadtests.driver.ledger import Ledger, row
from camsim_loadtests.plan.bodies import templates
from camsim_loadtests.plan.plan import OFFSET_MIN, Plan
from camsim_loadtests.plan.settings import Settings
from camsim_loadtests.verdict.reconcile import compare

BASE = Settings(url="http://127.0.0.1/", start_s=1_700_000_000, devices=30, people=250, rate=40.0, duration_s=10.0)


class Adapter:
    """A read-back of a list of punches; `late` of its first answers show nothing."""

    url = "memory"

    def __init__(self, rows, policy="instant", late=0, shown=()):
        self.rows, self.policy, self.late, self.shown = list(rows), policy, late, list(shown)
        self.asked: list[Sequence[str]] = []

    def capabilities(self):
        return Capabilities(self.policy, frozenset({"punches", "templates"}))

    def punches(self, users):
        self.asked.append(users)
        if len(self.asked) <= self.late:
            return []
        return [row for row in self.rows if row.user in users]

    def templates(self, users):
        return [row for row in self.shown if row.user in users]


def _kept(plan, offset=0, end="Z"):
    policy = "instant" if end else "device-local"
    texts = ((item.user_id, local(item.log_time, offset).replace(" ", "T") + end) for item in plan.all_items())
    return [punch_of({"user": user, "time": text}, policy, "test") for user, text in texts]


def _written(punch):
    return local(punch.time).replace(" ", "T") + "Z"


def _ledger(plan):
    return Ledger(plan.total, b"".join(row(seq, 1, 0, 1500) for seq in range(plan.total)))


@pytest.mark.parametrize(("policy", "offset", "end"), [("instant", 0, "Z"), ("device-local", OFFSET_MIN, "")])
def test_what_is_stored_once_is_right_in_both_time_policies(policy, offset, end):
    plan = Plan(BASE)
    found = compare(plan, _ledger(plan), Adapter(_kept(plan, offset, end), policy), 0, 0)

    assert (found.missing, found.doubled, found.foreign, found.punches, found.full) == (0, 0, 0, plan.total, True)


def test_a_punch_that_is_gone_is_named_by_user_time_and_device():
    plan = Plan(BASE)
    kept = _kept(plan)
    gone = kept.pop(123)
    found = compare(plan, _ledger(plan), Adapter(kept), 0, 0)

    assert [(row.user, row.what) for row in found.missing_named] == [(gone.user, _written(gone))]
    assert found.missing_named[0].device.startswith("STORM")
    assert found.missing_named[0].acknowledged_s == 1.5


def test_a_punch_that_was_never_acknowledged_need_not_be_stored():
    plan = Plan(BASE)

    assert compare(plan, Ledger(plan.total), Adapter([]), 0, 0).missing == 0


def test_doubled_and_invented_punches_are_found():
    plan = Plan(BASE)
    kept = _kept(plan)
    invented = StoredPunch(kept[0].user, 978_307_200)
    found = compare(plan, _ledger(plan), Adapter([*kept, kept[5], invented]), 0, 0)

    assert [row.what for row in found.doubled_named] == [_written(kept[5])]
    assert [row.what for row in found.foreign_named] == ["2001-01-01T00:00:00Z"]
    assert found.missing == 0


@pytest.mark.parametrize(
    ("policy", "moment", "what"),
    [
        ("instant", 978_307_200, "2001-01-01T00:00:00Z"),
        ("device-local", 978_307_200, "2001-01-01T00:00:00"),
        ("instant", 1_700_000_000_000_000, "1700000000000000"),
    ],
)
def test_an_invented_time_is_named_as_the_read_back_writes_times(policy, moment, what):
    plan = Plan(BASE)
    invented = StoredPunch(next(plan.all_items()).user_id, moment)
    found = compare(plan, Ledger(plan.total), Adapter([invented], policy), 0, 0)

    assert [row.what for row in found.foreign_named] == [what]


def test_a_target_may_take_its_settle_time():
    plan = Plan(msgspec.structs.replace(BASE, people=90))

    assert compare(plan, _ledger(plan), Adapter(_kept(plan), late=1), 0, 5).missing == 0


def test_a_sample_compares_about_so_many_users_and_says_so():
    plan = Plan(BASE)
    found = compare(plan, _ledger(plan), Adapter(_kept(plan)), 50, 0)

    assert (found.users, found.of_users, found.full) == (50, 250, False)


def test_no_request_names_more_than_a_hundred_users():
    plan = Plan(BASE)
    adapter = Adapter(_kept(plan))
    compare(plan, _ledger(plan), adapter, 0, 0)

    assert max(map(len, adapter.asked)) == 100
    assert len({user for users in adapter.asked for user in users}) == 250


def test_templates_of_an_enrolment_wave_are_compared_by_their_digest():
    plan = Plan(msgspec.structs.replace(BASE, profile="enrolment-wave", devices=2, people=4, rate=3.0))
    shown = {}
    for item in plan.all_items():
        for template in templates(plan.settings.seed, item):
            plain = template.type in ("Card", "Password")
            data = template.data.encode() if plain else base64.b64decode(template.data)
            digest = hashlib.sha256(data).hexdigest()
            shown[item.user_id, template.key] = StoredTemplate(item.user_id, template.type, template.index, digest)
    gone = shown.pop(next(iter(shown)))
    found = compare(plan, _ledger(plan), Adapter([], shown=shown.values()), 0, 0)

    assert (found.missing, found.templates) == (1, len(shown) + 1)
    assert found.missing_named[0].what == f"{gone.type}:{gone.index or 0}"
