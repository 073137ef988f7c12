"""Stage `tables`: the electromagnetic data files that Geant4 opens for the detector's materials."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.config import load_config
from heitler.simulation.tables import write_tables

TABLES = Path("data/tables")


def main() -> None:
    """Write `data/tables`."""
    detector = load_config().detector
    print(f"Writing Geant4's tables for {detector.name} ...", flush=True)
    origin = write_tables(TABLES, detector)
    elements = ", ".join(f"Z={Z}" for Z in origin.elements)
    print(f"{TABLES}: {origin.name} for {elements} (from {origin.source})")


if __name__ == "__main__":
    run_stage(main)
