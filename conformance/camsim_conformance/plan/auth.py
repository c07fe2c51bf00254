"""Cases of the AuthToken: what is forged is not stored (CB-AUTH)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from camsim import chance
from camsim.protocol.vocabulary import TemplateType

from .builder import Maker, stored
from .cases import Case, Expect, Step, StoredName

ABSENT = object()


def forgeries(token: str, seed: int) -> dict[str, Any]:
    """Wrong tokens by name; ABSENT leaves the member out."""
    return {
        "another": chance.token(seed, "conformance", "forged"),
        "missing": ABSENT,
        "empty": "",
        "null": None,
        "true": True,
        "one-letter-less": token[:-1],
        "one-letter-more": token + "x",
        "other-case": token.swapcase() if token.swapcase() != token else token[::-1],
        "in-a-list": [token],
        "zero": 0,
    }


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    for name, token in forgeries(make.device(0).token, make.profile.seed).items():
        user = make.user()
        message = make.message(make.punch(user))
        _forge(message, token)
        yield Case(
            "CB-AUTH-001", f"punch-{name}", (make.json(message, what="forged punch", judged=False),), Expect((user,))
        )
    if "user-data" in make.profile.features:
        yield from _user_data(make)
    message = make.message(make.punch(make.stranger()))
    _forge(message, forgeries("", make.profile.seed)["another"])
    yield Case("CB-AUTH-002", "another", (make.json(message, what="forged punch"),))


def _forge(message: Any, token: Any) -> None:
    if token is ABSENT:
        del message["RealTime"]["AuthToken"]
    else:
        message["RealTime"]["AuthToken"] = token


def _user_data(make: Maker) -> Iterator[Case]:
    wrong = chance.token(make.profile.seed, "conformance", "forged")
    user = make.user()
    card, forged = (make.template(user, TemplateType.CARD, generation=n) for n in (0, 1))
    steps: tuple[Step, ...] = (
        make.step(make.updated(user)),
        make.step(make.updated(user, card)),
        make.step(make.updated(user, forged), what="forged card", token=wrong, judged=False),
    )
    yield Case("CB-AUTH-001", "card-another", steps, Expect((user,), templates={user: stored(card)}))
    user = make.user()
    steps = (
        make.step(make.updated(user, first="Meena", last="Iyer")),
        make.step(make.deleted(user), what="forged deletion", token=wrong, judged=False),
    )
    yield Case("CB-AUTH-001", "deletion-another", steps, Expect((user,), users={user: StoredName("Meena", "Iyer")}))
    user = make.user()
    steps = (
        make.step(make.updated(user, first="Meena", last="Iyer")),
        make.step(make.updated(user, first="Forged", last="Name"), what="forged name", token=wrong, judged=False),
    )
    yield Case("CB-AUTH-001", "name-another", steps, Expect((user,), users={user: StoredName("Meena", "Iyer")}))
