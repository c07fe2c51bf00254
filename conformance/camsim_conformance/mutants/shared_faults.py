"""Faults of v3 receivers that v2 shares: the same behaviours under the requirements of v2."""

from __future__ import annotations

from camsim.protocol.vocabulary import Protocol

from . import acknowledgements, duplicates, encryption, framing, identity, people, punches, robustness
from .acknowledgements import ALWAYS
from .groups import V2_ACKED, V2_EVERYTHING, V2_PEOPLE, V2_PUNCHES
from .model import Behaviour, Mutant, add, because, beyond, named

_NEVER = because("no callback at all is acknowledged", *V2_ACKED)
_ROWS = because("has stored punches of that kind", *V2_PUNCHES)
_USERS = because("has users or signatures of that kind", *V2_PEOPLE)
_BESIDE = because("deletes somebody beside others", "V2-USR-002")
_ALL = because("no callback at all is understood", *V2_EVERYTHING)

# name after "v2-": behaviour of a v3 mutant, what it must fail in v2, what it may, features
SHARED: dict[str, tuple[str, Behaviour, str, dict[str, str], str]] = {
    "no-dedupe": ("stores every copy", duplicates.NoDedupe, "V2-DUP-001", _ROWS, ""),
    "one-a-minute": ("keeps one punch a minute", duplicates.OneAMinute, "V2-PUNCH-003", _ROWS, ""),
    "older-lost": ("drops a punch older than the newest", punches.OlderLost, "V2-ORD-001", _ROWS, ""),
    "tenth-lost": ("loses every tenth punch", punches.TenthLost, "V2-ORD-002", _ROWS, ""),
    "outs-as-ins": ("stores outs as ins", punches.OutsAsIns, "V2-PUNCH-002", _ROWS, ""),
    "input-lost": ("stores every punch as by fingerprint", punches.InputLost, "V2-PUNCH-001", _ROWS, ""),
    "ids-zeros": ("strips leading zeros", identity.IdsZeros, "V2-PUNCH-006", _ROWS | _USERS, ""),
    "token-unchecked": ("never looks at the AuthToken", identity.TokenUnchecked, "V2-AUTH-001", {}, ""),
    "token-optional": ("accepts a missing AuthToken", identity.TokenOptional, "V2-AUTH-001", {}, ""),
    "duplicate-409": ("answers 409 to a copy", acknowledgements.Duplicate409, "V2-DUP-002", _NEVER | _ROWS, ""),
    "unknown-user-422": ("answers 422 to unknown people", acknowledgements.UnknownUser422, "V2-ACK-002", _ALL, ""),
    "odd-time-500": ("fails on a time that is none", acknowledgements.OddTime500, "V2-ACK-002", {}, ""),
    "latin-1": ("takes the text for Latin-1", framing.Latin1, "V2-WIRE-002", _USERS, "user-data"),
    "replaced": ("replaces all templates", people.TemplatesReplaced, "V2-TPL-001", _USERS, "user-data"),
    "key-type": ("keeps one template of a type", people.KeyType, "V2-TPL-001", _USERS, "user-data"),
    "deletion-ignored": ("ignores deletions", people.DeletionIgnored, "V2-USR-001", _BESIDE, "user-data"),
    "first-version": ("never updates a template", people.FirstVersion, "V2-TPL-002", _USERS, "user-data"),
    "cipher-cbc": ("decrypts CBC", encryption.CipherCbc, "V2-ENC-001", _ALL, "aes"),
    "cipher-hashed-key": ("uses a hash of the key", encryption.CipherHashedKey, "V2-ENC-001", _ALL, "aes"),
    "padding-whole-block": ("fails on whole-block padding", encryption.PaddingWholeBlock, "V2-ENC-002", _ALL, "aes"),
    "no-chunked": ("takes a chunked body for an empty one", framing.NoChunked, "V2-WIRE-004", {}, ""),
    "mask-lost": ("stores every mask as not worn", punches.MaskLost, "V2-PUNCH-004", {}, ""),
    "temperature-lost": ("drops temperatures", punches.TemperatureLost, "V2-PUNCH-004", {}, ""),
    "slow-photo": ("answers photos late", acknowledgements.SlowPhoto, "V2-ACK-003", _NEVER, ""),
    "ids-numeric": ("fails on ids with letters", identity.IdsNumeric, "V2-PUNCH-006", _NEVER, ""),
    "rename-ignored": ("keeps the first name it was told", people.RenameIgnored, "V2-USR-001", {}, "user-data"),
    "dies": ("stops answering after a body that is no JSON", robustness.Dies, "V2-ROB-001", {}, ""),
    "hangs": ("never answers a body that is no JSON", robustness.Hangs, "V2-ROB-001", {}, ""),
}

for _name, (_title, _behaviour, _must, _may, _features) in SHARED.items():
    _required = frozenset(_must.split())
    _row = Mutant(
        name=f"v2-{_name}",
        title=_title,
        behaviour=named(f"v2-{_name}", _behaviour),
        must=_required,
        may=beyond(_required, _may),
        protocol=Protocol.V2,
        features=frozenset(_features.split()),
    )
    add(_row)

for _name in ("ack-text", "ack-capital-member", "ack-capital-word", "ack-success", "ack-empty", "ack-201", "ack-302"):
    _title, _reply = ALWAYS[_name]
    _made = named(f"v2-{_name}", acknowledgements.always(_reply))
    _required = frozenset({"V2-ACK-001"})
    add(Mutant(f"v2-{_name}", _title, _made, _required, beyond(_required, _NEVER), Protocol.V2))
