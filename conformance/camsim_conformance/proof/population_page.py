"""The tables of the generated populations in docs/proof.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from camsim.protocol.vocabulary import Protocol

from .benign_population import WHY
from .mutation import EXACT, IN_PARTS, RIGHTLY, SAME_ROWS, Shown
from .population import WORDS
from .populations import Populations

INTRODUCTION = """## Generated receivers

Faulty ones are the reference receiver with an effect (another answer, a punch dropped, shifted, doubled, invented, of
another type, booked to another person, an attribute lost; names or templates erased; a forgery stored) under a
condition of one, two or three factor values, drawn by a seed and run in process, with the very bytes, judgement and
second round of `camsim certify`. Killed: exit code 1 where effect and values are MUST, else at least advice. Named
rightly: a finding names these very values, or values that nothing that was sent can tell from them.
Right ones are the reference under choices that the page leaves open: clock and zone, keys, names, delay, adapter,
words, answers, devices, moments of the year, given people with a past. Nothing may be said of them.
"""
_KINDS = (*WORDS.values(), "people and forgeries")


def population_tables(result: Populations) -> Iterator[str]:
    """All lines."""
    yield INTRODUCTION
    yield from _killed(result)
    yield from _left_out(result)
    yield from _survivors(result.survivors)
    yield from _right(result)


def _killed(result: Populations) -> Iterator[str]:
    yield "| faults of | version | receivers | killed | the very values | the same events | in parts | named rightly |"
    yield "|---|---|---|---|---|---|---|---|"
    for kind in _KINDS:
        for protocol in (Protocol.V3, Protocol.V2):
            mine = [one for one in result.of(kind) if one.mutation.setting.protocol is protocol]
            if mine:
                yield _row(kind, str(protocol), mine)
    if result.shown:
        yield _row("all", "", result.shown)
    yield ""
    same = result.over_http - len(result.disagreements)
    yield f"Over HTTP as well: {result.over_http}, {same} with the same verdict and the same values."
    yield ""


def _row(kind: str, protocol: str, mine: Sequence[Shown]) -> str:
    names = Counter(one.named for one in mine)
    killed = sum(one.killed for one in mine)
    rightly = sum(names[name] for name in RIGHTLY)
    return (
        f"| {kind} | {protocol} | {len(mine)} | {killed} ({killed / len(mine):.1%}) | {names[EXACT]} | "
        f"{names[SAME_ROWS]} | {names[IN_PARTS]} | {rightly / len(mine):.1%} |"
    )


def _left_out(result: Populations) -> Iterator[str]:
    yield f"Drawn and left out because they cannot show, by rule: {result.left_out.total()}."
    yield ""
    yield "| faults of | why | left out |"
    yield "|---|---|---|"
    for (kind, why), count in sorted(result.left_out.items()):
        yield f"| {kind} | {why} | {count} |"
    yield ""


def _survivors(survivors: Sequence[Shown]) -> Iterator[str]:
    if not survivors:
        return
    yield "### Survivors"
    yield ""
    yield "| fault | asked | shown |"
    yield "|---|---|---|"
    for one in survivors:
        shown = one.void or "; ".join(one.causes[:2]) or "nothing"
        yield f"| {one.mutation.text} | {one.expected} | {one.exit.name} {one.verdict}: {shown} |".replace("\n", " ")
    yield ""


def _right(result: Populations) -> Iterator[str]:
    if not result.spared:
        return
    yield "### Right receivers"
    yield ""
    yield f"{len(result.spared)} runs, {len(result.accused)} accused. Deserved, and no accusation:"
    yield ""
    for why in WHY.values():
        yield f"- {why}"
    yield ""
    for one in result.accused:
        yield f"- accused: {one.right.text}: {one.accused[0]}"
    yield f"\nBoth populations took {result.seconds:.0f} s.\n"
