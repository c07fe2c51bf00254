"""junit.xml: one suite a requirement, one case a case; what pytest would call a skip is said as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from camsim.shown import for_xml

from . import gathering
from .document_types import CaseDocument, CauseDocument, Document, RequirementDocument

_KIND = {
    "FAIL": Failure,
    "ERROR": Error,
    "COULD-NOT-RUN": Error,
    "NOT-APPLICABLE": Skipped,
    "UNVERIFIED": Skipped,
}


def write(document: Document, file: Path) -> None:
    """Write the document as JUnit XML."""
    xml = JUnitXml("camsim conformance")
    for requirement in document["requirements"]:
        xml.add_testsuite(_requirement(requirement, document))
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


def _requirement(requirement: RequirementDocument, document: Document) -> TestSuite:
    causes = [cause for cause in document["causes"] if cause["id"] in requirement["causes"]]
    told = _told(causes, gathering.headline(document))
    cases = []
    for case in requirement["cases"]:
        mine = [cause for cause in causes if case["id"] in cause["cases"] and case["verdict"] == requirement["verdict"]]
        cases.append(_case(requirement, case, mine))
        if mine and told:
            # Once a suite: at the first case that shows one of them.
            said = cases[-1].system_out
            cases[-1].system_out, told = (f"{said}\n{told}" if said else told), ""
    return _suite(f"{requirement['id']} {requirement['level']}", document["started"], cases)


def _told(causes: Sequence[CauseDocument], headline: str | None) -> str:
    lines = [headline] if headline is not None else []
    for cause in causes:
        lines += [f"{cause['id']}: {cause['sentence']}", f"  change: {cause['change']}"]
        lines.append(f"  asked by {gathering.asked(cause)}")
    return for_xml("\n".join(lines))


def _case(requirement: RequirementDocument, case: CaseDocument, causes: Sequence[CauseDocument]) -> TestCase:
    entry = TestCase(case["id"].partition("/")[2], f"conformance.{requirement['id']}", case["seconds"])
    found = f"expected {case['expected']}; actual {case['actual']}"
    text = for_xml(f"{case['verdict']}: {found}")
    if causes:
        text = for_xml(f"{case['verdict']}, see " + "; ".join(f"{one['id']}: {one['sentence']}" for one in causes))
    kind, message = _KIND.get(case["verdict"]), text
    waiver = requirement["waived"]
    if waiver is not None and case["verdict"] == "FAIL":
        # An accepted violation must not fail a pipeline: that is what it was accepted for.
        kind, message = Skipped, for_xml(f"waived by {waiver['owner']}: {waiver['reason']}")
    if kind is None:
        entry.system_out = text
        return entry
    result = kind(message, case["verdict"])
    # The message names the cause; what this case itself showed stands below it.
    lines = [requirement["title"], text, *([found] if causes else [])]
    lines += [case["replay"]] if "replay" in case else []
    result.text = for_xml("\n".join([*lines, *case.get("curl", [])]))
    entry.result = [result]
    return entry


def _run(document: Document) -> TestSuite:
    """What is wrong with the run as a whole."""
    cases = []
    if document["void"] is not None:
        cases.append(_whole(Error(for_xml(document["void"]), "INCOMPLETE")))
    for problem in document["problems"]:
        cases.append(_whole(Failure(for_xml(problem), "FAIL")))
    return _suite("run", document["started"], cases)


def _whole(result: Error | Failure) -> TestCase:
    case = TestCase("run", "conformance.run", 0.0)
    case.result = [result]
    return case
