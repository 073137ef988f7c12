"""The checkpoint of an evolution: its seed and the losses it was told, nothing else.

A strategy told the same losses again is in the same state bit for bit; so any individual can be
built again, with its parents and the masks of its mutations, from a few bytes per generation. It is
of use only where all that decides a run is the same: its fingerprint.
"""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.base.causes import ARRAY_ERRORS, refuse_unless_torn
from heitler.base.files import atomic_path, digest
from heitler.config import EvolveConfig, as_dict
from heitler.evolution.strategy import Strategy
from heitler.kept.aside import set_files_aside
from heitler.kept.origin import Origin, deciding_code
from heitler.kept.unfinished import take_up

Float = NDArray[np.float32]


@dataclass
class Journal:
    """Losses of all individuals of all generations so far."""

    fingerprint: str
    """Checksum of the parameters and data that decide the losses."""
    losses: list[Float] = field(default_factory=list)
    """[generation] (P,)"""
    seconds: float = 0.0
    """Wall time spent on them."""

    def save(self, path: Path) -> None:
        """Write all, atomically."""
        told = np.concatenate(self.losses) if self.losses else np.empty(0, np.float32)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                fingerprint=np.array(self.fingerprint),
                sizes=np.array([len(losses) for losses in self.losses], np.int64),
                losses=told,
                seconds=np.array(self.seconds),
            )

    @classmethod
    def load(cls, path: Path, fingerprint: str) -> "Journal":
        """The journal of this very evolution; an empty one if there is none or it is torn."""
        try:
            with np.load(path) as stored:
                if str(stored["fingerprint"]) != fingerprint:
                    return cls(fingerprint)
                losses = np.split(stored["losses"], np.cumsum(stored["sizes"]))[:-1]
                return cls(fingerprint, losses, float(stored["seconds"]))
        except FileNotFoundError:
            return cls(fingerprint)
        except ARRAY_ERRORS as error:
            refuse_unless_torn(error, path)
            print(f"{path}: cannot be read ({error}); starting anew.")
            return cls(fingerprint)


def rebuild(build: Callable[[], Strategy], journal: Journal, generation: int, index: int) -> Float:
    """(D,) any individual that ever lived; generation 0 is the first."""
    strategy = build()
    for losses in journal.losses[:generation]:
        strategy.tell(losses)
    return np.asarray(strategy.ask([index])[0])


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
