"""v2: the form field, its text, its sizes, HTTP around it, and the AuthToken in it (V2-WIRE, V2-AUTH)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from camsim.protocol.vocabulary import TemplateType
from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Expect
from camsim_conformance.plan.framing_v2 import steps_of
from camsim_conformance.plan.run_facts import MINUTE

from .registry import requirement
from .test_authentication import forgeries, nothing_forged
from .test_wire import http

# What a form writes in another way than JSON does.
NAMES = {
    "blank-inside": ("Mary Ann", "de Souza"),
    "plus-and-ampersand": ("A+B", "C&D=E"),
    "percent": ("100%25", "%41"),
    "accents": ("José", "Müller"),
    "tamil": ("தமிழ்", "செல்வி"),
}


def _forms(make: Builder) -> Iterator[Case]:
    yield Case("field", (make.step(make.punch(make.user())),))
    for name, (before, after) in {"another-before": (b"v=2&", b""), "another-after": (b"", b"&v=2")}.items():
        step = make.step(make.punch(make.user()))
        # What travels is no longer the sealed message alone, so its bytes are kept as they are.
        yield Case(name, (replace(step, wire=before + step.wire + after, sealed=False),))


@requirement("V2-WIRE-001", cases=_forms)
def test_the_form_field_is_understood(case: Observed) -> None:
    """The form field request_data is understood."""
    case.ack = acknowledged(case)


def _attendance_photo(make: Builder) -> Iterator[Case]:
    yield Case("photo-20-kB", (make.step(make.photo(make.user(), make.ago(MINUTE))),))


def _user_photo(make: Builder) -> Iterator[Case]:
    user = make.changed_person()
    fact = make.updated(user, make.template(user, TemplateType.USER_PHOTO))
    yield Case("user-photo", tuple(steps_of(make, fact)))


@requirement("V2-WIRE-003", cases=_attendance_photo, later=_user_photo)
def test_printed_v2_sizes_are_acknowledged(case: Observed) -> None:
    """Forms of the sizes the page speaks of, with a picture of 300x300, are acknowledged."""
    case.ack = acknowledged(case)


def _names(make: Builder) -> Iterator[Case]:
    if not make.claims("names"):
        return
    for name, (first, last) in NAMES.items():
        user = make.user()
        step = make.step(make.updated(user, first=first, last=last))
        yield Case(name, (step,), Expect.named(user, first, last))


@requirement("V2-WIRE-002", later=_names)
def test_names_survive_the_form(case: Observed) -> None:
    """Names with blanks, plus signs, ampersands and UTF-8 letters survive the form."""
    case.state = as_told(case, Aspect.NAME)


@requirement("V2-WIRE-004", cases=http)
def test_usual_http_is_understood_in_v2(case: Observed) -> None:
    """Plain HTTP/1.1 in its usual variations is understood with a form body too."""
    case.ack = acknowledged(case)


@requirement("V2-AUTH-001", cases=forgeries)
def test_a_forged_v2_callback_is_not_stored(case: Observed) -> None:
    """A v2 callback with a wrong or missing AuthToken is not stored."""
    case.state = nothing_forged(case)
