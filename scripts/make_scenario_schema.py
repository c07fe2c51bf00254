"""Write schemas/scenario.schema.json anew after a change of simulator/scenarios.py."""

from pathlib import Path

from simulator import scenario_schema

if __name__ == "__main__":
    target = Path(__file__).resolve().parent.parent / "schemas" / "scenario.schema.json"
    target.write_bytes(scenario_schema.encoded())
    print(f"wrote {target.name}")
