"""The status codes: one enum a version, never shared, because the same number means different things (3, 5, 6, 8 … 15).

A third enum has the codes that live v3 answers were seen to carry beside those of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType


class StatusText(StrEnum):
    """What `Status` says on an error (A-REST-02, `rest.status_text`)."""

    LABEL = "label"
    ENUM = "enum"


class StatusV3(IntEnum):
    """`StatusCode` of a v3 answer (v3, Response Status Codes); 12 and 14 do not exist (A-REST-24)."""

    SUCCESS = 0
    INVALID_REQUEST_DATA = 1
    INVALID_SERVICE_TAG_ID = 2
    INVALID_REQUEST = 3
    INVALID_ENCRYPTION = 4
    DEVICE_OFFLINE = 5
    OPERATION_TIMEOUT = 6
    INVALID_AUTH_TOKEN = 7
    USER_ALREADY_EXISTS = 8
    USER_NOT_FOUND = 9
    TEMPLATE_ERROR = 10
    DEVICE_MEMORY_FULL = 11
    INVALID_SECURITY_KEY = 13
    FEATURE_NOT_SUPPORTED = 15
    UNKNOWN_ERROR = 999


class StatusSeen(IntEnum):
    """Codes of live v3 answers that the page does not list.

    In profile `observed` 19 by `enc.mode_mismatch` and 33 by what is switched off (A-REST-22, A-REST-28, A-REST-30);
    29, 35, 37 and 38 by knobs that are off there (A-REST-30 … A-REST-33). Faults can force any.
    """

    INVALID_RAW_DATA = 19
    INVALID_API_VERSION = 29
    FEATURE_NOT_ENABLED = 33
    OPERATION_NOT_ALLOWED = 35
    DEVICE_BUSY = 37
    LOG_READING_NOT_ALLOWED = 38


class StatusV2(IntEnum):
    """`StatusCode` of a v2 answer (v2, Response of RESTful API)."""

    DONE = 0
    INVALID_REQUEST_DATA = 1
    INVALID_SERVICE_TAG_ID = 2
    INVALID_ORIGIN_IP = 3
    INVALID_ENCRYPTION = 4
    INVALID_SUBSCRIPTION = 5
    INVALID_OPERATION = 6
    INVALID_AUTHTOKEN = 7
    INVALID_OPERATION_TYPE = 8
    INVALID_START_TIME = 9
    INVALID_USERID = 10
    INVALID_API_CONFIGURATION = 11
    INVALID_API_REQUEST_INFO = 12
    INVALID_SECURITY_KEY = 13
    INVALID_OPERATION_DATA = 14
    INVALID_TEMPLATE = 15
    UNKNOWN_ERROR = 999


# Label and description, verbatim from the v3 page, lines 176-190.
_TABLE: tuple[tuple[StatusV3, str, str], ...] = (
    (StatusV3.SUCCESS, "Success", "Operation completed successfully."),
    (StatusV3.INVALID_REQUEST_DATA, "Invalid Request Data", "The JSON body is malformed or contains invalid values."),
    (
        StatusV3.INVALID_SERVICE_TAG_ID,
        "Invalid Service Tag ID",
        "The stgid query parameter does not match any registered device.",
    ),
    (
        StatusV3.INVALID_REQUEST,
        "Invalid Request",
        "Request structure does not match the expected operation format.",
    ),
    (
        StatusV3.INVALID_ENCRYPTION,
        "Invalid Encryption",
        "Payload encryption (AES-256) could not be decrypted. Check your encryption key.",
    ),
    (
        StatusV3.DEVICE_OFFLINE,
        "Device Offline",
        "The target device is not currently connected to the Biometric Gateway.",
    ),
    (
        StatusV3.OPERATION_TIMEOUT,
        "Operation Timeout",
        "The device did not acknowledge the command within the timeout window.",
    ),
    (
        StatusV3.INVALID_AUTH_TOKEN,
        "Invalid Auth Token",
        "The AuthToken in the request does not match the device's configured token.",
    ),
    (
        StatusV3.USER_ALREADY_EXISTS,
        "User Already Exists",
        "An Add operation was attempted for a UserID that already exists on the device.",
    ),
    (StatusV3.USER_NOT_FOUND, "User Not Found", "The specified UserID does not exist on the device."),
    (
        StatusV3.TEMPLATE_ERROR,
        "Template Error",
        "The biometric template data is corrupt or in an unsupported format.",
    ),
    (
        StatusV3.DEVICE_MEMORY_FULL,
        "Device Memory Full",
        "The device has reached its maximum user or template capacity.",
    ),
    (
        StatusV3.INVALID_SECURITY_KEY,
        "Invalid Security Key",
        "The security key configured in the API Monitor does not match.",
    ),
    (
        StatusV3.FEATURE_NOT_SUPPORTED,
        "Feature Not Supported",
        "The requested operation is not supported by this device model or communication mode.",
    ),
    (
        StatusV3.UNKNOWN_ERROR,
        "Unknown Error",
        "An unexpected error occurred. Contact Cams support with the OperationID.",
    ),
)

LABELS_V3: Mapping[int, str] = MappingProxyType({int(code): text for code, text, _ in _TABLE})
DESCRIPTIONS: Mapping[int, str] = MappingProxyType({int(code): text for code, _, text in _TABLE})
LABELS_V2: Mapping[int, str] = MappingProxyType(
    {int(code): "done" if code is StatusV2.DONE else f"API_RESPONSE_{code.name}" for code in StatusV2}
)
_SEEN_LABELS: Mapping[int, str] = MappingProxyType(
    {int(code): code.name.replace("_", " ").title() for code in StatusSeen}
)


def label(code: int) -> str:
    """The page's label of a v3 code ("Device Offline"); a code that nobody lists is "Unknown Error"."""
    return LABELS_V3.get(code) or _SEEN_LABELS.get(code) or LABELS_V3[StatusV3.UNKNOWN_ERROR]


def enum_text(code: int) -> str:
    """The text of live v3 answers: `API_RESPONSE_` and the label in upper snake case; `done` for 0 (A-REST-02)."""
    if code == StatusV3.SUCCESS:
        return "done"
    return "API_RESPONSE_" + label(code).upper().replace(" ", "_")


def status_text(code: int, style: StatusText | str = StatusText.LABEL) -> str:
    """The `Status` member of a v3 answer: `done` exactly for code 0, else label or enum text (A-REST-02)."""
    if code == StatusV3.SUCCESS:
        return "done"
    if style == StatusText.ENUM:
        return enum_text(code)
    return label(code)
