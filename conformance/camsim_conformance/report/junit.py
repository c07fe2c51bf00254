"""junit.xml: one suite a requirement, one case a case; what pytest would call a skip is said as such."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

_KIND = {
    "FAIL": Failure,
    "ERROR": Error,
    "COULD-NOT-RUN": Error,
    "NOT-APPLICABLE": Skipped,
    "UNVERIFIED": Skipped,
}
# XML 1.0 has no way to write these.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(document: dict[str, Any], file: Path) -> None:
    """Write the document as JUnit XML."""
    xml = JUnitXml("camsim conformance")
    for requirement in document["requirements"]:
        xml.add_testsuite(_suite(requirement, document["started"]))
    if document["void"] is not None or document["problems"]:
        xml.add_testsuite(_run(document))
    xml.update_statistics()  # type: ignore[no-untyped-call]
    xml.write(str(file), pretty=True)


def _suite(requirement: dict[str, Any], started: str) -> TestSuite:
    suite = TestSuite(f"{requirement['id']} {requirement['level']}")
    suite.timestamp = started.removesuffix("Z")
    suite.hostname = "camsim"
    for case in requirement["cases"]:
        suite.add_testcase(_case(requirement, case))
    suite.update_statistics()  # type: ignore[no-untyped-call]
    return suite


def _case(requirement: dict[str, Any], case: dict[str, Any]) -> TestCase:
    made = TestCase(case["id"].partition("/")[2], f"conformance.{requirement['id']}", case["seconds"])
    waived = requirement["waived"] if case["verdict"] == "FAIL" else None
    kind = Skipped if waived else _KIND.get(case["verdict"])
    text = _clean(f"{case['verdict']}: expected {case['expected']}; actual {case['actual']}")
    if kind is not None:
        told = _clean(f"waived by {waived['owner']}: {waived['reason']}") if waived else text
        entry = kind(told, case["verdict"])
        entry.text = _clean("\n".join([requirement["title"], text, *case.get("curl", [])]))
        made.result = [entry]
    else:
        made.system_out = text
    return made


def _run(document: dict[str, Any]) -> TestSuite:
    suite = TestSuite("run")
    suite.timestamp = document["started"].removesuffix("Z")
    suite.hostname = "camsim"
    for text in filter(None, [document["void"], *document["problems"]]):
        case = TestCase("run", "conformance.run", 0.0)
        case.result = (
            [Error(_clean(text), "INCOMPLETE")] if text == document["void"] else [Failure(_clean(text), "FAIL")]
        )
        suite.add_testcase(case)
    suite.update_statistics()  # type: ignore[no-untyped-call]
    return suite


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
