"""One search: half of the budget tries architectures, the other half trains the best of them on.

Every slice is a file with the trained candidate, its loss and the slice that it continues: so a
killed search goes on bit for bit, and the ancestry of every network is kept.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from architecture_search.judge import Judge
from architecture_search.policies import POLICIES
from architecture_search.space import Architecture, Layer
from architecture_search.trainers import Candidate, Training
from numpy.typing import NDArray

from heitler.base.causes import ARRAY_ERRORS, refuse_unless_torn
from heitler.base.files import atomic_path

Row = dict[str, float | str]
SLICES = 32
"""Parts of a run; the first half searches."""
SELECTION = 1024
"""Training showers on which a trained candidate is judged."""


@dataclass(frozen=True)
class Slice:
    """A candidate after its training."""

    candidate: Candidate
    loss: float
    """On the selection showers."""
    parent: int
    """Number of the slice that it continues, or -1."""
    seconds: float


class Search:
    """A policy with a trainer and a seed, in a folder of its own."""

    def __init__(
        self,
        policy: str,
        trainer: str,
        training: Training,
        fixed: Architecture,
        slices: int = SLICES,
    ) -> None:
        self.policy, self.trainer, self.training = (
            POLICIES[policy](training, fixed),
            trainer,
            training,
        )
        showers = training.judge.count
        self.selection = np.arange(min(SELECTION, showers))
        budget = training.config.cost_epochs * showers
        self.slices, self.slice_budget = slices, budget / slices

    def finish(self, folder: Path, fingerprint: str, test: Judge) -> list[Row]:
        """Go on from the files in the folder, if any; one row per slice."""
        best: tuple[float, int, Candidate] | None = None
        rows: list[Row] = []
        for number in range(self.slices):
            searching = number < self.slices // 2
            if searching or best is None:
                start, parent = self.policy.propose()
            else:
                start, parent = best[2], best[1]
            done = self._slice(folder / f"{number:03d}.npz", fingerprint, start, parent, number)
            if searching:
                self.policy.tell(done.candidate, done.loss)
            if not searching or best is None or done.loss < best[0]:
                best = done.loss, number, done.candidate
            rows.append(self._row(number, done, best[2], test, rows))
        return rows

    def _slice(
        self, path: Path, fingerprint: str, start: Candidate, parent: int | None, number: int
    ) -> Slice:
        found = load_slice(path, fingerprint)
        if found is not None:
            return found
        begun = time.monotonic()
        budget = self.slice_budget - self._selection_cost(start.architecture)
        trained = self.training.train(self.trainer, start, budget, number)
        losses = self.training.judge.losses(
            trained.architecture, trained.genome[None], self.selection
        )
        seconds = time.monotonic() - begun
        done = Slice(trained, float(losses[0]), -1 if parent is None else parent, seconds)
        save_slice(path, fingerprint, done)
        return done

    def _selection_cost(self, architecture: Architecture) -> float:
        return len(self.selection) * self.training.pass_cost(architecture)

    def _row(self, number: int, done: Slice, best: Candidate, test: Judge, rows: list[Row]) -> Row:
        tested = test.losses(best.architecture, best.genome[None], np.arange(test.count))
        before = float(rows[-1]["seconds"]) if rows else 0.0
        return {
            "slice": number,
            "parent": done.parent,
            "cost_epochs": (number + 1) * self.slice_budget / self.training.judge.count,
            "seconds": before + done.seconds,
            "architecture": str(done.candidate.architecture),
            "genes": done.candidate.architecture.genes,
            "multiply_adds": done.candidate.architecture.multiply_adds(),
            "loss": done.loss,
            "best_architecture": str(best.architecture),
            "test_loss": float(tested[0]),
        }


def save_slice(path: Path, fingerprint: str, done: Slice) -> None:
    """Write atomically."""
    candidate = done.candidate
    about = {
        "fingerprint": fingerprint,
        "image": candidate.architecture.image,
        "layers": [asdict(layer) for layer in candidate.architecture.layers],
        "power": candidate.power,
        "loss": done.loss,
        "parent": done.parent,
        "seconds": done.seconds,
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            about=np.array(json.dumps(about)),
            genome=candidate.genome,
            square=candidate.square,
        )


def load_slice(path: Path, fingerprint: str) -> Slice | None:
    """The slice of this very search; None if there is none or it is torn."""
    try:
        with np.load(path) as stored:
            about = json.loads(str(stored["about"]))
            genome: NDArray[np.float32] = stored["genome"]
            square: NDArray[np.float32] = stored["square"]
    except FileNotFoundError:
        return None
    except ARRAY_ERRORS as error:
        refuse_unless_torn(error, path)
        print(f"{path}: cannot be read ({error}); trained again.")
        return None
    if about["fingerprint"] != fingerprint:
        return None
    architecture = Architecture(
        tuple(about["image"]), tuple(Layer(**layer) for layer in about["layers"])
    )
    candidate = Candidate(architecture, genome, about["power"], square)
    return Slice(candidate, about["loss"], about["parent"], about["seconds"])
