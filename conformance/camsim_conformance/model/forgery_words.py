"""What is said of forgeries: whoever reads it looks for the handler of that message."""

from __future__ import annotations

from camsim_conformance.plan.forgery_factors import CARRIED_OUT, FORGED, TEMPLATES

from .observation import Explanation

# Of several kinds, what they are together.
_DEEDS = {"punch": "punch", "update": "user update", "delete": "deletion"}
_TEMPLATES = frozenset(TEMPLATES.values()) | {"group"}


def forged_noun(explanation: Explanation) -> str:
    """`forged deletion`, `forged card`; of several kinds `forged template` or `forged message`."""
    values = dict(explanation.values)
    if "forged" in values:
        return f"forged {FORGED.get(values['forged'], values['forged'])}"
    if "deed" in values:
        return f"forged {_DEEDS.get(values['deed'], 'message')}"
    kinds = _kinds(explanation)
    if len(kinds) == 1:
        kind = next(iter(kinds))
        return f"forged {FORGED.get(kind, kind)}"
    return "forged template" if kinds <= _TEMPLATES else "forged message"


def forged_predicate(explanation: Explanation) -> str:
    """A deletion or rename is carried out, anything else is stored."""
    if ("forging", "stored") in explanation.values:
        return "takes its place"
    kinds = _kinds(explanation)
    return "is carried out" if kinds and kinds <= CARRIED_OUT else "is stored"


def _kinds(explanation: Explanation) -> set[str]:
    return {one.values["forged"] for one in explanation.wrong if "forged" in one.values}
