"""pytest over the checks: same options, same functions, same reports as `camsim certify`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from rich.console import Console

from camsim_conformance.commands.options import OPTIONS, profile_of
from camsim_conformance.plan.cases import Case
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.observed import Observed
from camsim_conformance.session.session import Evidence, Session
from camsim_conformance.target.address import SafetyError, UnreachableError
from camsim_conformance.target.profile import Profile, UsageError
from camsim_conformance.verdict.judge import judge
from camsim_conformance.verdict.result import Exit

from . import certify
from .certify import Outputs
from .readback import ReadBackError
from .report import terminal

NAME = "camsim-conformance-checks"
_KEY = pytest.StashKey["Run"]()
_RED = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.COULD_NOT_RUN})
_GREY = frozenset({Verdict.NOT_APPLICABLE, Verdict.UNVERIFIED})


class Run:
    """The one run of a pytest session: planned at collection, sent before the first test, reported after the last."""

    def __init__(self, profile: Profile, outputs: Outputs) -> None:
        self.profile = profile
        self.outputs = outputs
        self.waivers = outputs.check()
        self.session = Session(profile)
        self.cases: Sequence[Case] = self.session.plan().cases
        self.evidence: Evidence | None = None
        self.observed: dict[str, Observed] = {}
        self.wanted: list[str] = []
        self.document: dict[str, Any] | None = None
        self.exit_code = Exit.USAGE

    @property
    def waived(self) -> frozenset[str]:
        """Requirements whose violation is accepted."""
        return frozenset(waiver.id for waiver in self.waivers)

    def case(self, name: str) -> Observed:
        """The observed case; the first call sends everything that was collected."""
        if self.evidence is None:
            self.evidence = certify.gather(self.profile, self.outputs, keep=self.wanted)
            self.observed = {case.case.id: case for case in self.evidence.observed()}
        return self.observed[name]

    def finish(self) -> None:
        """Write the reports; whatever no test judged is judged now, so that nothing is missing."""
        if self.evidence is None:
            return
        cases = [case if _judged(case) else judge(case) for case in self.observed.values()]
        result, self.document = certify.finish(self.evidence, cases, self.waivers, self.outputs)
        self.exit_code = result.exit_code


def _judged(case: Observed) -> bool:
    return case.ack is not None or case.state is not None or case.error is not None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `camsim certify`, with the URL as one of them."""
    group = parser.getgroup("conformance", "certify a callback URL")
    group.addoption("--callback-url", default=None, help="The callback URL to certify.")
    for option in OPTIONS:
        if option.switch:
            group.addoption(
                option.flag, action="store_true", default=False, dest=f"camsim_{option.name}", help=option.help
            )
        elif option.many:
            group.addoption(option.flag, action="append", default=[], dest=f"camsim_{option.name}", help=option.help)
        else:
            group.addoption(
                option.flag, default=option.default, type=option.kind, dest=f"camsim_{option.name}", help=option.help
            )


def pytest_configure(config: pytest.Config) -> None:
    """Plan the run. Nothing is sent yet."""
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        pytest.exit("the checks share one run: leave out -n; many callbacks go out at once anyway", int(Exit.USAGE))
    url = config.getoption("--callback-url")
    if config.getoption("--collect-only") and not url:
        url = "http://127.0.0.1/"
    if not url:
        pytest.exit("--callback-url is missing: the URL to certify", int(Exit.USAGE))
    told = {option.name: config.getoption(f"camsim_{option.name}") for option in OPTIONS}
    try:
        config.stash[_KEY] = Run(*profile_of(url, told))
    except UsageError as error:
        pytest.exit(str(error), int(Exit.USAGE))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case of the function's requirement."""
    requirement = getattr(metafunc.function, "requirement", None)
    run = metafunc.config.stash.get(_KEY, None)
    if requirement is None or run is None:
        return
    cases = [case for case in run.cases if case.requirement == requirement]
    metafunc.parametrize("case", [case.id for case in cases], ids=[case.name for case in cases], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out requirements that were not asked for: they have no case."""
    items[:] = [item for item in items if "NOTSET" not in item.name]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Send only what is left after -k, --lf and friends."""
    run = session.config.stash[_KEY]
    run.wanted = [cast(Any, item).callspec.params["case"] for item in session.items if hasattr(item, "callspec")]


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Observed:
    """The evidence of one case."""
    try:
        return request.config.stash[_KEY].case(request.param)
    except SafetyError as error:
        pytest.exit(str(error), int(Exit.UNSAFE))
    except UsageError as error:
        pytest.exit(str(error), int(Exit.USAGE))
    except (UnreachableError, ReadBackError) as error:
        pytest.exit(str(error), int(Exit.INCOMPLETE))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Run the check as certify does, then say its verdict in pytest's words."""
    observed = pyfuncitem.funcargs.get("case")
    if not isinstance(observed, Observed):
        return (yield)
    if observed.case.blocked is None and observed.ran:
        try:
            yield
        except Exception as error:
            observed.error = f"harness error: {type(error).__name__}: {error}"
    pyfuncitem.user_properties.append(("verdict", str(observed.verdict)))
    pyfuncitem.add_report_section("call", "verdict", f"{observed.verdict}: {observed.actual}")
    _say(observed, pyfuncitem.config.stash[_KEY].waived)
    return True


def _say(observed: Observed, waived: frozenset[str]) -> None:
    text = f"{observed.verdict}: expected {observed.expected}; found {observed.actual}"
    if observed.verdict in _RED and observed.requirement.id not in waived:
        pytest.fail(text, pytrace=False)
    if observed.verdict in _GREY:
        pytest.skip(text)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports; the exit code is that of certify."""
    run = session.config.stash.get(_KEY, None)
    if run is None:
        return
    run.finish()
    if run.document is not None:
        session.exitstatus = int(run.exit_code)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The report certify prints."""
    run = config.stash.get(_KEY, None)
    if run is not None and run.document is not None:
        terminalreporter.section("conformance")
        out = run.outputs.out
        terminal.show(run.document, Console(highlight=False, soft_wrap=True), str(out) if out else None)
