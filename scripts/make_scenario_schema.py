"""Write schemas/scenario.schema.json anew after a change of camsim.scenarios.document."""

from pathlib import Path

from camsim.scenarios import schema

if __name__ == "__main__":
    target = Path(__file__).resolve().parent.parent / "schemas" / "scenario.schema.json"
    target.write_bytes(schema.encoded())
    print(f"wrote {target.name}")
