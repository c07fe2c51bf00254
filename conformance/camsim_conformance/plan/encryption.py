"""Cases of encryption (CB-ENC): every other case is encrypted too when the profile has a key."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol import cipher
from camsim.protocol.v3 import envelope

from .builder import Maker
from .cases import Case, Expect, StoredName

BLOCK = 16
OTHER_KEY = "0123456789abcdefghijklmnopqrstuv"


def cases(make: Maker) -> Iterator[Case]:
    """All of them; none without the feature."""
    if "aes" not in make.profile.features:
        return
    punch = make.punch(make.user())
    yield Case("CB-ENC-001", "punch", (make.step(punch),), Expect((punch.user_id,), (punch,)))
    if "user-data" in make.profile.features:
        user = make.user()
        step = make.step(make.updated(user, first="Aïda", last="Öz"))
        yield Case("CB-ENC-001", "user", (step,), Expect((user,), users={user: StoredName("Aïda", "Öz")}))
    yield from _lengths(make)
    yield from _recorded(make)


def _lengths(make: Maker) -> Iterator[Case]:
    for rest in range(BLOCK):
        punch = make.punch(make.user())
        message = make.message(punch)
        frame = message["RealTime"]
        frame["LabelName"] = "Tür "
        frame["LabelName"] += "x" * ((rest - len(envelope.encode(message))) % BLOCK)
        step = make.json(message, what="RealTimePunchLog")
        yield Case("CB-ENC-002", f"length-{rest:02d}", (step,), Expect((punch.user_id,), (punch,)))


def _recorded(make: Maker) -> Iterator[Case]:
    yield Case("CB-ENC-003", "ordinary", (make.step(make.punch(make.user())),))
    plain = envelope.encode(make.message(make.punch(make.stranger())))
    yield Case("CB-ENC-003", "wrong-key", (make.raw(plain, wire=cipher.encrypt(OTHER_KEY, plain), judged=False),))
    yield Case("CB-ENC-003", "plain-body", (make.raw(plain, wire=plain, judged=False),))
