"""junit.xml: one suite a requirement, one case a case; what pytest would call a skip is said as such."""

from __future__ import annotations

import re
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from .document import CaseDocument, Document, RequirementDocument

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
        xml.add_testsuite(_requirement(requirement, document["started"]))
    if document["void"] is not None or document["problems"]:
        xml.add_testsuite(_run(document))
    xml.update_statistics()  # type: ignore[no-untyped-call]
    xml.write(str(file), pretty=True)


def _suite(name: str, started: str, cases: list[TestCase]) -> TestSuite:
    suite = TestSuite(name)
    suite.timestamp = started.removesuffix("Z")
    suite.hostname = "camsim"
    for case in cases:
        suite.add_testcase(case)
    suite.update_statistics()  # type: ignore[no-untyped-call]
    return suite


def _requirement(requirement: RequirementDocument, started: str) -> TestSuite:
    cases = [_case(requirement, case) for case in requirement["cases"]]
    return _suite(f"{requirement['id']} {requirement['level']}", started, cases)


def _case(requirement: RequirementDocument, case: CaseDocument) -> TestCase:
    entry = TestCase(case["id"].partition("/")[2], f"conformance.{requirement['id']}", case["seconds"])
    text = _clean(f"{case['verdict']}: expected {case['expected']}; actual {case['actual']}")
    kind, message = _KIND.get(case["verdict"]), text
    waiver = requirement["waived"]
    if waiver is not None and case["verdict"] == "FAIL":
        # An accepted violation must not fail a pipeline: that is what it was accepted for.
        kind, message = Skipped, _clean(f"waived by {waiver['owner']}: {waiver['reason']}")
    if kind is None:
        entry.system_out = text
        return entry
    result = kind(message, case["verdict"])
    result.text = _clean("\n".join([requirement["title"], text, *case.get("curl", [])]))
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
