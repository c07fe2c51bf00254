"""Requirements that fail together, for the `may` of mutants."""

from __future__ import annotations

# Judged by the answer to a callback.
ACKED = (
    *("CB-ACK-001", "CB-ACK-002", "CB-ACK-003", "CB-ACK-005"),
    *("CB-WIRE-001", "CB-WIRE-003", "CB-WIRE-004", "CB-WIRE-005"),
    *("CB-PUNCH-002", "CB-PUNCH-006", "CB-PUNCH-007", "CB-DUP-004", "CB-ORD-005", "CB-PHOTO-002"),
    *("CB-TPL-003", "CB-ENC-001", "CB-ENC-002", "CB-ROB-002", "CB-ROB-003", "CB-SEC-001"),
)
# Judged by the punches that are stored: user, time, type and input of each are compared in every case.
PUNCHES = (
    *("CB-WIRE-002", "CB-WIRE-003", "CB-AUTH-001"),
    *("CB-PUNCH-001", "CB-PUNCH-002", "CB-PUNCH-003", "CB-PUNCH-004", "CB-PUNCH-006", "CB-PUNCH-007"),
    *("CB-DUP-001", "CB-DUP-002", "CB-DUP-003", "CB-DUP-005", "CB-DUP-007"),
    *("CB-ORD-001", "CB-ORD-002", "CB-ORD-003", "CB-ORD-004"),
    *("CB-TIME-001", "CB-TIME-002", "CB-TIME-003", "CB-DEV-001", "CB-PHOTO-001", "CB-USR-002"),
    *("CB-ENC-001", "CB-ENC-002"),
    "CB-ROB-002",
)
# Judged by the users and templates that are stored.
PEOPLE = (
    *("CB-WIRE-002", "CB-AUTH-001", "CB-PUNCH-006", "CB-ENC-001", "CB-USR-001", "CB-USR-003"),
    *("CB-TPL-001", "CB-TPL-002", "CB-TPL-003", "CB-TPL-004", "CB-TPL-005"),
)
TEMPLATES = ("CB-TPL-001", "CB-TPL-002", "CB-TPL-003", "CB-TPL-004", "CB-TPL-005", "CB-ENC-001", "CB-USR-003")
# Callbacks with a face or a photo: the large ones.
LARGE = ("CB-ACK-001", "CB-ACK-003", "CB-ACK-005", "CB-WIRE-004", "CB-ORD-005", "CB-PHOTO-002", "CB-TPL-003")
# Callbacks that are no punch.
NO_PUNCH = (
    *("CB-ACK-001", "CB-ACK-002", "CB-ACK-003", "CB-ACK-005", "CB-WIRE-004", "CB-DUP-004"),
    *("CB-ORD-005", "CB-PHOTO-002", "CB-TPL-003", "CB-ENC-001", "CB-PUNCH-006"),
)
EVERYTHING = tuple(dict.fromkeys((*ACKED, *PUNCHES, *PEOPLE)))

V2_ACKED = (
    *(
        "V2-ACK-001",
        "V2-ACK-002",
        "V2-ACK-003",
        "V2-WIRE-001",
        "V2-WIRE-003",
        "V2-WIRE-004",
        "V2-PUNCH-002",
        "V2-PUNCH-006",
    ),
    *("V2-DUP-002", "V2-PHOTO-001", "V2-LAZY-001", "V2-ENC-001", "V2-ENC-002", "V2-ROB-001"),
)
V2_PUNCHES = (
    *("V2-PUNCH-001", "V2-PUNCH-002", "V2-PUNCH-003", "V2-PUNCH-004", "V2-PUNCH-006", "V2-DUP-001", "V2-DUP-003"),
    *("V2-ORD-001", "V2-ORD-002", "V2-TIME-001", "V2-AUTH-001", "V2-ENC-001", "V2-ENC-002", "V2-PHOTO-001"),
)
V2_PEOPLE = (
    *("V2-WIRE-002", "V2-AUTH-001", "V2-TPL-001", "V2-TPL-002", "V2-TPL-003", "V2-TPL-004"),
    *("V2-USR-001", "V2-USR-002", "V2-ENC-001"),
)
V2_EVERYTHING = tuple(dict.fromkeys((*V2_ACKED, *V2_PUNCHES, *V2_PEOPLE)))
