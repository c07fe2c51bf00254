"""Write fixtures/golden/population.json anew: the people and pictures that a seed gives with the constrained versions.

Run it when constraints.txt names another faker or Pillow, and say in the changelog that seeded bytes have changed.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from camsim.protocol.vocabulary import TemplateType
from camsim.synthetic import people
from camsim.synthetic.versions import versions

SEED, COUNT, USER = 1, 25, "2"
TARGET = Path(__file__).resolve().parent.parent / "fixtures" / "golden" / "population.json"


def population() -> dict[str, Any]:
    """The golden population of this environment, with the versions that shaped it."""
    installed = versions()
    return {
        "versions": {name: installed[name] for name in ("faker", "pillow")},
        "seed": SEED,
        "people": [
            [one.user_id, one.first_name, one.last_name, str(one.user_type)] for one in people.people(SEED, COUNT)
        ],
        "user": USER,
        "templates": {str(kind): _digest(people.template(SEED, USER, kind).data) for kind in TemplateType},
        "photo": _digest(people.photo(SEED, USER, 1)),
    }


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(population(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"wrote {TARGET.name}")
