"""junit.xml: one suite a requirement, one case a case; what pytest would call a skip is said as such."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from . import gathering
from .document_types import CaseDocument, CauseDocument, Document, RequirementDocument

_KIND = {
    "FAIL": Failure,
    "ERROR": Error,
    "COULD-NOT-RUN": Error,
    "NOT-APPLICABLE": Skipped,
    "UNVERIFIED": Skipped,
}
# XML 1.0 has no way to write these.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(document: Document, file: Path) -> None:
    """Write the document as JUnit XML."""
    xml = JUnitXml("camsim conformance")
    for requirement in document["requirements"]:
        xml.add_testsuite(_requirement(requirement, document))
    if document["void"] is not None or document["problems"]:
        xml.add_testsuite(_run(document))
    xml.update_statistics()  # type: ignore[no-untyped-call]
    xml.write(str(file), pretty=True)


def _suite(
    name: str, started: str, cases: list[TestCase], properties: Mapping[str, str] = MappingProxyType({})
) -> TestSuite:
    suite = TestSuite(name)
    # First of all: where the schema of JUnit wants them.
    for key, value in properties.items():
        suite.add_property(key, _clean(value))
    suite.timestamp = started.removesuffix("Z")
    suite.hostname = "camsim"
    for case in cases:
        suite.add_testcase(case)
    suite.update_statistics()  # type: ignore[no-untyped-call]
    return suite


def _requirement(requirement: RequirementDocument, document: Document) -> TestSuite:
    causes = [cause for cause in document["causes"] if cause["id"] in requirement["causes"]]
    cases = [_case(requirement, case, causes) for case in requirement["cases"]]
    properties: dict[str, str] = {}
    headline = gathering.headline(document)
    if causes and headline is not None:
        properties["causes"] = headline
    for cause in causes:
        properties[f"cause {cause['id']}"] = f"{cause['sentence']} {cause['change']}".strip()
    return _suite(f"{requirement['id']} {requirement['level']}", document["started"], cases, properties)


def _case(requirement: RequirementDocument, case: CaseDocument, causes: Sequence[CauseDocument]) -> TestCase:
    entry = TestCase(case["id"].partition("/")[2], f"conformance.{requirement['id']}", case["seconds"])
    found = f"expected {case['expected']}; actual {case['actual']}"
    text = _clean(f"{case['verdict']}: {found}")
    mine = [cause for cause in causes if case["id"] in cause["cases"] and case["verdict"] == cause["verdict"]]
    if mine:
        text = _clean(f"{case['verdict']}, see " + "; ".join(f"{cause['id']}: {cause['sentence']}" for cause in mine))
    kind, message = _KIND.get(case["verdict"]), text
    waiver = requirement["waived"]
    if waiver is not None and case["verdict"] == "FAIL":
        # An accepted violation must not fail a pipeline: that is what it was accepted for.
        kind, message = Skipped, _clean(f"waived by {waiver['owner']}: {waiver['reason']}")
    if kind is None:
        entry.system_out = text
        return entry
    result = kind(message, case["verdict"])
    # The message names the cause; what this case itself showed stands below it.
    lines = [requirement["title"], text, *([found] if mine else [])]
    lines += [case["replay"]] if "replay" in case else []
    result.text = _clean("\n".join([*lines, *case.get("curl", [])]))
    entry.result = [result]
    return entry


def _run(document: Document) -> TestSuite:
    """What is wrong with the run as a whole."""
    cases = []
    if document["void"] is not None:
        cases.append(_whole(Error(_clean(document["void"]), "INCOMPLETE")))
    for problem in document["problems"]:
        cases.append(_whole(Failure(_clean(problem), "FAIL")))
    return _suite("run", document["started"], cases)


def _whole(result: Error | Failure) -> TestCase:
    case = TestCase("run", "conformance.run", 0.0)
    case.result = [result]
    return case


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
