"""What an answer may depend on beside its message: what was told of the person before, and when it was written."""

from __future__ import annotations

from camsim_conformance.requirements.verdicts import Level

from .values import Factor, Value

SHOULD = Level.SHOULD
# What an answer may depend on beside the message: no row has these.
EVENT_FACTORS: tuple[Factor, ...] = (
    Factor(
        "sent",
        (
            Value("now", "in a message of now", "", "", usual=True, crossed=False),
            Value("hours-ago", "in a message that is hours old", "CB-ORD-001", "V2-ORD-001", crossed=False),
        ),
    ),
    Factor(
        "role",
        (
            Value("user", "of a user", "", "", usual=True, crossed=False),
            # The v3 page prints UserType User alone, and says that the type may change (V3:244); v2 tells
            # administrators by their Priority (V2:88).
            Value("admin", "of an administrator", "", "", crossed=False),
        ),
    ),
    Factor(
        "signature",
        (
            Value("printed", "without a TemplatePhoto", "", "", usual=True, crossed=False),
            # One of the seven Types that are printed (V2:97).
            Value("template-photo", "with a TemplatePhoto", "", "V2-ACK-001", crossed=False),
        ),
    ),
    Factor(
        "deed",
        (
            Value("punch", "that tells a punch", "", "", usual=True, crossed=False),
            Value("photo", "that tells a photo", "", "", crossed=False),
            Value("update", "that tells a user", "", "", crossed=False),
            Value("delete", "that tells a deletion", "", "", crossed=False),
            Value("date", "that tells a change of date", "", "", crossed=False),
            Value("lazy", "that tells a lazy response", "", "V2-LAZY-001", crossed=False),
            Value("other", "that tells what cannot be used", "CB-ACK-002", "V2-ACK-002", crossed=False),
        ),
    ),
    Factor(
        "known",
        (
            Value("no", "of a person of whom nothing was told before", "", "", usual=True, crossed=False),
            Value("yes", "of a person who was told of before", "", "", crossed=False),
        ),
    ),
    Factor(
        "deleted",
        (
            Value("no", "of a person who was not deleted", "", "", usual=True, crossed=False),
            Value("yes", "of a person who was deleted before", "CB-ACK-002", "V2-ACK-002", crossed=False),
        ),
    ),
)
