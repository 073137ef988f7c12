"""What decides a run: its journal is of use only where all of this is the same."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from heitler.base.files import digest
from heitler.config import EvolveConfig, as_dict
from heitler.kept.aside import set_files_aside
from heitler.kept.origin import Origin, deciding_code
from heitler.kept.unfinished import take_up

BUDGET = ("cost_epochs", "seeds", "strategies", "by_strategy")
"""How much is run: a larger budget continues the same run."""
BESIDE = ("workers", "energy_bins")
"""What no loss depends on."""


def run_fingerprint(evolve: EvolveConfig, data_digest: str, name: str, seed: int) -> str:
    """What decides a run of one strategy (or rmsprop) with one seed, on showers of this digest.

    The code is that of all runs: `take_up_journals`.
    """
    decisive = as_dict(evolve.of_strategy(name))
    for key in (*BUDGET, *BESIDE):
        del decisive[key]
    if name != "memetic":
        del decisive["memetic_share"]
    return digest([decisive, data_digest, name, seed])


def take_up_journals(folder: Path, finished: Path, runs: Mapping[str, str]) -> None:
    """Make the folder ready: what is there goes on, or is moved aside if it is of another run.

    Args:
        folder: of the journals until all runs have ended.
        finished: where they are afterwards.
        runs: from a journal's name without its ending to the fingerprint of its run.
    """
    code = deciding_code("evolution/loop.py", "evolution")
    take_up(folder, finished, Origin({}, "", code), "evolve")
    others = [
        path
        for name, fingerprint in runs.items()
        for path in (folder / f"{name}.npz", folder / f"{name}.descent.npz")
        if _written_by(path) not in (fingerprint, None)
    ]
    if place := set_files_aside(others, "evolve"):
        names = ", ".join(path.name for path in others)
        print(
            f"{folder}: {names} are of other parameters or showers, and are now in {place}; delete "
            "them when you do not need them, or move them back after you have set the parameters "
            "back.",
            flush=True,
        )


def _written_by(path: Path) -> str | None:
    """The run's fingerprint in a journal or in the state of a descent; None if there is none."""
    try:
        with np.load(path) as stored:
            return str(stored["fingerprint"]).partition(" ")[0]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
