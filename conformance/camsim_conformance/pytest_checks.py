"""pytest over the checks: same options, same functions, same reports as `camsim certify`."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import pytest

from camsim.shown import for_lines, for_terminal
from camsim.terminal import Terminal
from camsim_conformance import certify
from camsim_conformance.certify import Outputs
from camsim_conformance.checks.registry import judged_by
from camsim_conformance.commands.options import OPTIONS, Option, given, profile_of
from camsim_conformance.observed import Observed
from camsim_conformance.plan.cases import Case
from camsim_conformance.readback import ReadBackError
from camsim_conformance.report.console import show
from camsim_conformance.report.document import Document
from camsim_conformance.report.wording import without_markup
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.record import RunRecord
from camsim_conformance.session.session import Session
from camsim_conformance.target.address import SafetyError, UnreachableError
from camsim_conformance.target.profile import Profile, UsageError
from camsim_conformance.verdict.judge import judge
from camsim_conformance.verdict.result import Exit

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
        self.cases: Sequence[Case] = Session(profile).plan().cases
        self.record: RunRecord | None = None
        self.observed: dict[str, Observed] = {}
        self.wanted: list[str] = []
        self.document: Document | None = None
        self.exit_code = Exit.USAGE

    @property
    def waived(self) -> frozenset[str]:
        """Requirements whose violation is accepted."""
        return frozenset(waiver.id for waiver in self.waivers)

    def case(self, name: str) -> Observed:
        """The observed case; the first call sends everything that was collected."""
        if self.record is None:
            self.record = certify.send(self.profile, self.outputs, keep=self.wanted)
            self.observed = {case.case.id: case for case in self.record.observed()}
        return self.observed[name]

    def finish(self) -> None:
        """Write the reports; whatever no test judged is judged now, so that nothing is missing."""
        if self.record is None:
            return
        for case in self.observed.values():
            if not _is_judged(case):
                judge(case)
        cases = list(self.observed.values())
        result, self.document = certify.finish(self.record, cases, self.waivers, self.outputs)
        self.exit_code = result.exit_code


def _is_judged(case: Observed) -> bool:
    return case.ack is not None or case.state is not None or case.error is not None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `camsim certify`, with the URL as one of them."""
    group = parser.getgroup("conformance", "certify a callback URL")
    group.addoption("--callback-url", default=None, help="The callback URL to certify.")
    for option in OPTIONS:
        _add(group, option)


def _add(group: pytest.OptionGroup, option: Option) -> None:
    dest = _destination(option)
    if option.switch:
        group.addoption(option.flag, action="store_true", default=False, dest=dest, help=option.help)
    elif option.many:
        group.addoption(option.flag, action="append", default=[], dest=dest, help=option.help)
    else:
        group.addoption(option.flag, default=option.default, type=option.kind, dest=dest, help=option.help)


def _destination(option: Option) -> str:
    # Prefixed: other plugins have a `seed` or a `level` of their own.
    return f"camsim_{option.name}"


def pytest_configure(config: pytest.Config) -> None:
    """Plan the run. Nothing is sent yet."""
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        # Every worker would send a whole run of its own, and judge a part of it.
        pytest.exit("the checks share one run: leave out -n; many callbacks go out at once anyway", int(Exit.USAGE))
    url = config.getoption("--callback-url")
    if config.getoption("--collect-only") and not url:
        url = "http://127.0.0.1/"  # only to list the tests: nothing is sent there
    if not url:
        pytest.exit("--callback-url is missing: the URL to certify", int(Exit.USAGE))
    options = given({option.name: config.getoption(_destination(option)) for option in OPTIONS})
    try:
        config.stash[_KEY] = Run(*profile_of(url, options))
    except UsageError as error:
        pytest.exit(for_lines(str(error)), int(Exit.USAGE))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case of the function's requirement."""
    judged = judged_by(metafunc.function)
    run = metafunc.config.stash.get(_KEY, None)
    if judged is None or run is None:
        return
    cases = [case for case in run.cases if case.requirement == judged.requirement]
    metafunc.parametrize("case", [case.id for case in cases], ids=[case.name for case in cases], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out requirements that were not asked for: they have no case."""
    # pytest's own name for a parameter without any value; it would call the test skipped.
    items[:] = [item for item in items if "NOTSET" not in item.name]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Send only what is left after -k, --lf and friends."""
    # Earlier than the first test: by then everything has gone out together, as certify sends it.
    run = session.config.stash[_KEY]
    for item in session.items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None:
            run.wanted.append(callspec.params["case"])


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Observed:
    """What is known of one case."""
    try:
        return request.config.stash[_KEY].case(request.param)
    except SafetyError as error:
        pytest.exit(for_terminal(str(error)), int(Exit.UNSAFE))
    except UsageError as error:
        pytest.exit(for_lines(str(error)), int(Exit.USAGE))
    except (UnreachableError, ReadBackError) as error:
        pytest.exit(for_terminal(str(error)), int(Exit.INCOMPLETE))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run the check as certify does, then say its verdict in pytest's words."""
    observed = pyfuncitem.funcargs.get("case")
    if not isinstance(observed, Observed):
        return (yield)
    if observed.to_judge:
        try:
            yield
        except Exception as error:
            observed.error = f"harness error: {type(error).__name__}: {error}"
    pyfuncitem.user_properties.append(("verdict", str(observed.verdict)))
    pyfuncitem.add_report_section(
        "call", "verdict", for_terminal(f"{observed.verdict}: {without_markup(observed.actual)}")
    )
    _say(observed, pyfuncitem.config.stash[_KEY].waived)
    return True


def _say(observed: Observed, waived: frozenset[str]) -> None:
    text = f"{observed.verdict}: expected {observed.expected}; found {without_markup(observed.actual)}"
    if observed.causes:
        # Said once, in the summary: a hundred failures of one cause are one text.
        causes = "; ".join(f"{cause.id}: {cause.sentence}" for cause in observed.causes)
        text = f"{observed.verdict}, see {without_markup(causes)}"
    if observed.verdict in _RED and observed.requirement.id not in waived:
        pytest.fail(for_terminal(text), pytrace=False)
    if observed.verdict in _GREY:
        pytest.skip(for_terminal(text))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports; the exit code is that of certify."""
    run = session.config.stash.get(_KEY, None)
    if run is None:
        return
    run.finish()
    if run.document is not None:
        session.exitstatus = int(run.exit_code)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The report certify prints."""
    run = config.stash.get(_KEY, None)
    if run is not None and run.document is not None:
        terminalreporter.section("conformance")
        out = run.outputs.out
        show(run.document, Terminal(), str(out.resolve()) if out else None)
