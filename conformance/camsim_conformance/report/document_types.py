"""The members of result.json as types (schemas/result.schema.json says the same)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict


class SuiteDocument(TypedDict):
    """Which suite judged."""

    name: str
    version: str


class ProfileDocument(TypedDict):
    """What was asked for."""

    protocol: str
    features: list[str]
    level: str
    requirements: list[str]
    complete: bool
    devices: int
    people: str
    announce: bool
    settle_s: float
    deadline_s: float


class TargetDocument(TypedDict):
    """Where it was sent."""

    url: str
    address: str


class ReadBackDocument(TypedDict):
    """What the stored rows were seen through."""

    adapter: str
    time_policy: str | None
    keeps: list[str]
    canary_s: float | None


class WaiverDocument(TypedDict):
    """An accepted violation."""

    reason: str
    owner: str
    expires: str


class QuoteDocument(TypedDict):
    """A sentence of the vendor's page."""

    source: str
    text: str


class CaseDocument(TypedDict):
    """One judged case; the lines that show it again only where somebody wants to see it again."""

    id: str
    ack: str
    state: str
    verdict: str
    expected: str
    actual: str
    seconds: float
    sent: list[str]
    curl: NotRequired[list[str]]
    replay: NotRequired[str]
    folder: NotRequired[str]
    body: NotRequired[str]


class RequirementDocument(TypedDict):
    """One judged requirement."""

    id: str
    title: str
    level: str
    basis: str
    evidence: str
    verdict: str
    ack: str
    state: str
    waived: WaiverDocument | None
    quotes: list[QuoteDocument]
    causes: list[str]
    cases: list[CaseDocument]


class CountsDocument(TypedDict):
    """How often: wrong and right under the values of a cause, right without them."""

    wrong: int
    right: int
    without: int


class AlsoDocument(TypedDict):
    """What else deviates under the values of a cause."""

    aspect: str
    deviation: str
    counts: CountsDocument


class ExampleDocument(TypedDict):
    """The smallest case that shows a cause. `before`: what was sent first, by name; `exports` and `lines` are for a
    shell, and only there when the run kept its files."""

    case: str
    what: str
    before: list[str]
    sent: str
    answered: str
    stored: str
    expected: str
    exports: NotRequired[list[str]]
    lines: NotRequired[list[str]]


class InstantDocument(TypedDict):
    """A punch's instant as it was sent and as it is stored, and the seconds between."""

    sent: str
    stored: str
    seconds: int


class CellDocument(TypedDict):
    """One template: whether it was told, and what became of it: kept, missing, changed or extra."""

    type: str
    index: str
    told: bool
    state: str


class SentDocument(TypedDict):
    """One message of a sequence, and whether it was acknowledged."""

    what: str
    acknowledged: bool


class ValueDocument(TypedDict):
    """How often a value of a factor was seen wrong and right; `blamed`: it is one of the cause's."""

    value: str
    wrong: int
    right: int
    blamed: bool


class PictureDocument(TypedDict):
    """What a picture of a cause is drawn from: by `kind` instants, templates, a sequence or values."""

    kind: str
    instants: NotRequired[list[InstantDocument]]
    cells: NotRequired[list[CellDocument]]
    sent: NotRequired[list[SentDocument]]
    stored: NotRequired[list[str]]
    factor: NotRequired[str]
    values: NotRequired[list[ValueDocument]]


class CauseDocument(TypedDict):
    """One finding: what explains some deviations, what to change, and how sure it is."""

    id: str
    requirement: str
    level: str
    verdict: str
    sentence: str
    change: str
    aspect: str
    deviation: str
    values: dict[str, str]
    counts: CountsDocument
    confirmed: bool | None
    repeated: list[int]
    unaffected: list[int]
    cases: list[str]
    also: list[AlsoDocument]
    notes: list[str]
    quote: QuoteDocument | None
    example: ExampleDocument | None
    picture: PictureDocument | None


class Document(TypedDict):
    """result.json."""

    schemaVersion: int
    suite: SuiteDocument
    profile: ProfileDocument
    seed: int
    target: TargetDocument
    started: str
    seconds: float
    outcome: str
    grade: str
    exit_code: int
    shown: str
    not_shown: str
    void: str | None
    problems: list[str]
    not_covered: list[str]
    readback: ReadBackDocument | None
    storm: str | None
    counts: Mapping[str, int]
    exports: list[str]
    causes: list[CauseDocument]
    factors: dict[str, dict[str, str]]
    requirements: list[RequirementDocument]
