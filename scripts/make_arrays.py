"""Make the covering arrays of the conformance suite anew: conformance/camsim_conformance/plan/arrays.json.

Wanted only when a factor of a punch, a value or a class changes: `make arrays`, which installs covertable; camsim
itself does not need it. Of several salts the shortest array counts (docs/decisions/0006-covering-arrays.md). The same
version of the library gives the same file.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from covertable.main import Controller  # type: ignore[import-untyped,import-not-found,unused-ignore]

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan import arrays
from camsim_conformance.plan.factors import usual_values

FILE = Path(arrays.__file__).with_name(arrays.FILE)
SALTS = 20
Factors = Mapping[str, Sequence[str]]
Rows = list[dict[str, str]]
Covered = tuple[arrays.Pick, ...]


def main() -> None:
    """Write the file, and print what came out."""
    made = {}
    usual = usual_values()
    for protocol in Protocol:
        pairs, triples = _pairs(protocol), _triples(protocol)
        idle = _idle(protocol, [*pairs, *triples])
        kept = [[row for row in rows if arrays.row_name(usual | row) not in idle] for rows in (pairs, triples)]
        print(f"{protocol}: {len(idle)} rows left out, whose pairs and triples stand in others")
        made[str(protocol)] = {"pairs": kept[0], "triples": kept[1]}
    FILE.write_text(_text(made), encoding="utf-8")


def _pairs(protocol: Protocol) -> Rows:
    apart = [sorted(pair) for pair in arrays.forbidden(protocol)]
    return _shortest(f"{protocol} pairs", arrays.choices(protocol), 2, sorted(apart))


def _triples(protocol: Protocol) -> Rows:
    groups = arrays.classes(protocol)
    names = {factor: tuple(members) for factor, members in groups.items()}
    rows = []
    for number, row in enumerate(_shortest(f"{protocol} triples", names, 3, [])):
        # Every member of a class has its turn, and so has every way to be recognised.
        values = {factor: _turn(groups[factor][name], number) for factor, name in row.items()}
        values["input"] = _turn(arrays.choices(protocol)["input"], number)
        if not arrays.possible(values, protocol):
            values["neighbour"] = "24h"
        assert arrays.possible(values, protocol), values  # noqa: S101  a wrong table must not be shipped
        rows.append(values)
    return rows


def _idle(protocol: Protocol, rows: Rows) -> set[str]:
    """The names of rows that cover nothing new beside the others: each array covers much of what the other one must.
    Those with the most punches are left out first."""
    whole = [usual_values() | row for row in rows]
    counts: Counter[Covered] = Counter()
    for row in whole:
        counts.update(_covered(protocol, row))
    found = set()
    for row in sorted(whole, key=_requests, reverse=True):
        covered = _covered(protocol, row)
        if all(counts[one] > 1 for one in covered):
            counts.subtract(covered)
            found.add(arrays.row_name(row))
    return found


def _covered(protocol: Protocol, row: arrays.Row) -> list[Covered]:
    """The pairs of values in a row, and the triples of classes."""
    picks = [(factor, row[factor]) for factor in arrays.choices(protocol)]
    groups = [(factor, str(arrays.class_of(factor, row[factor]))) for factor in arrays.classes(protocol)]
    return [*combinations(picks, 2), *combinations(groups, 3)]


def _requests(row: arrays.Row) -> int:
    """About how many requests a row is."""
    copies = 7 if row["repeat"] == "concurrent" else 0
    return copies + sum(row[factor] not in ("none", "in-order") for factor in ("repeat", "neighbour", "order", "photo"))


def _turn(names: Sequence[str], number: int) -> str:
    return names[number % len(names)]


def _shortest(what: str, factors: Factors, strength: int, apart: Iterable[Sequence[arrays.Pick]]) -> Rows:
    begin = time.monotonic()
    lists = {factor: list(names) for factor, names in factors.items()}
    never = [_never(one, other) for one, other in apart]
    found: list[Rows] = []
    for salt in range(SALTS):
        rows = Controller(lists, strength=strength, constraints=never, salt=str(salt)).make()
        found.append([dict(row) for row in rows])
    best = min(found, key=len)
    print(f"{what}: {len(best)} rows, {len(max(found, key=len))} at worst, {time.monotonic() - begin:.0f} s")
    return best


def _never(one: arrays.Pick, other: arrays.Pick) -> dict[str, Any]:
    both = [{"operator": "eq", "left": factor, "value": name} for factor, name in (one, other)]
    return {"operator": "not", "condition": {"operator": "and", "conditions": both}}


def _text(made: Mapping[str, Mapping[str, Rows]]) -> str:
    """JSON with one row a line; what is usual is left out."""
    usual = usual_values()
    protocols = []
    for protocol, kinds in made.items():
        lists = []
        for kind, rows in kinds.items():
            told = [{factor: name for factor, name in sorted(row.items()) if usual[factor] != name} for row in rows]
            lines = ",\n   ".join(json.dumps(row) for row in sorted(told, key=json.dumps))
            lists.append(f'  "{kind}": [\n   {lines}\n  ]')
        protocols.append(f' "{protocol}": {{\n' + ",\n".join(lists) + "\n }")
    return "{\n" + ",\n".join(protocols) + "\n}\n"


if __name__ == "__main__":
    main()
