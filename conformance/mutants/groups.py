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
)
# Judged by the users and templates that are stored.
PEOPLE = (
    *("CB-WIRE-002", "CB-AUTH-001", "CB-PUNCH-006", "CB-ENC-001", "CB-USR-001"),
    *("CB-TPL-001", "CB-TPL-002", "CB-TPL-003", "CB-TPL-004", "CB-TPL-005"),
)
TEMPLATES = ("CB-TPL-001", "CB-TPL-002", "CB-TPL-003", "CB-TPL-004", "CB-TPL-005", "CB-ENC-001")
# Callbacks with a face or a photo: the large ones.
LARGE = ("CB-ACK-001", "CB-ACK-003", "CB-ACK-005", "CB-WIRE-004", "CB-ORD-005", "CB-PHOTO-002", "CB-TPL-003")
# Callbacks that are no punch.
NO_PUNCH = (
    *("CB-ACK-001", "CB-ACK-002", "CB-ACK-003", "CB-ACK-005", "CB-WIRE-004", "CB-DUP-004"),
    *("CB-ORD-005", "CB-PHOTO-002", "CB-TPL-003", "CB-ENC-001", "CB-PUNCH-006"),
)
EVERYTHING = tuple(dict.fromkeys((*ACKED, *PUNCHES, *PEOPLE)))
