"""The statement inside a certificate: in-toto's test-result, with what in-toto has no words for."""

from __future__ import annotations

from typing import TypedDict

from .document_types import SuiteDocument

VALID_DAYS = 90
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
RESULT_FILE = "result.json"
# What people read instead of it: covered by the statement too, where the run wrote it.
REPORT_FILES = ("report.html", "junit.xml", "summary.md")
PUBLIC_FILE = "issuer.pub"


class CamsimPredicate(TypedDict):
    """What in-toto has no words for."""

    suite: SuiteDocument
    grade: str
    protocol: str
    features: list[str]
    shown: str
    notShown: str
    notVerified: list[str]
    notApplicable: list[str]
    recorded: list[str]
    readback: str | None
    storm: str | None
    selfIssued: bool
    issued: str
    expires: str


class Resource(TypedDict):
    """A name and the sha256 of what it stands for."""

    name: str
    digest: dict[str, str]


class Predicate(TypedDict):
    """in-toto test-result."""

    result: str
    configuration: list[Resource]
    passedTests: list[str]
    warnedTests: list[str]
    failedTests: list[str]
    camsim: CamsimPredicate


class Statement(TypedDict):
    """The in-toto statement: the target, and what the run showed of it."""

    _type: str
    subject: list[Resource]
    predicateType: str
    predicate: Predicate
