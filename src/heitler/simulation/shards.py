"""The simulated showers as shards: files of equal size, each made by one Geant4 process.

A shard's fingerprint stands for everything that decides its content. A shard on disk with the
right fingerprint is finished and kept, so that raising the number of showers simulates only the
new shards, and a killed simulation resumes. Until all are there the new ones are outside of DVC's
outputs, as `heitler.kept.unfinished` says of trainings.
"""

import importlib.metadata
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import heitler.detector
from heitler.base.causes import system_cause
from heitler.base.files import digest
from heitler.base.hdf5_opening import UnreadableError, is_sealed, open_for_reading, seal_holds
from heitler.base.progress import progress_bar
from heitler.base.source import meaning
from heitler.config import DetectorConfig, SimulateConfig, as_dict
from heitler.kept.aside import set_files_aside, size_of
from heitler.simulation.environment import SimulationError, geant4_environment
from heitler.simulation.processes import Job, run_jobs
from heitler.simulation.tables import TablesOrigin, load_origin

SHARD_FILES = "shard-*.h5"
UNFINISHED = "unfinished"
"""The folder of new shards, beside that of the finished ones."""
HERE, DETECTOR = Path(__file__).parent, Path(heitler.detector.__file__)
DECIDING = ("calorimeter.py", "geant4.py", "primaries.py")
"""Code that decides what a shower looks like, with heitler.detector."""
UNDECISIVE = (
    "import_from", "import_unit", "import_scale", "import_particle", "showers", "processes",
)  # fmt: skip
"""Parameters of `simulate` that leave a shard of given size as it is."""


@dataclass(frozen=True)
class Shard:
    """One planned shower file."""

    index: int
    showers: int
    path: Path
    fingerprint: str

    def is_damaged(self) -> bool:
        """Whether the file is there, but not as it was sealed.

        Raises:
            SimulationError: if that cannot be told, as without the right to read it.
        """
        try:
            return self.path.is_file() and is_sealed(self.path) and not seal_holds(self.path)
        except OSError as error:
            cause = system_cause(error, self.path)
            raise SimulationError(cause.sentence(self.path, "")) from None

    def is_finished(self) -> bool:
        """Whether the file is there, unchanged since it was written, and has this content.

        Raises:
            SimulationError: as `is_damaged`.
        """
        try:
            if self.is_damaged():
                return False
            with open_for_reading(self.path) as file:
                return (
                    file.attrs.get("fingerprint") == self.fingerprint
                    and len(file["event_id"]) == self.showers
                )
        except KeyError:
            return False
        except UnreadableError as error:
            if error.cause.proven:
                return False
            raise SimulationError(str(error)) from None


def simulate_shards(
    folder: Path, tables: Path, detector: DetectorConfig, simulate: SimulateConfig
) -> list[Shard]:
    """Bring `folder` to exactly the planned shards; return those that it did not have.

    A shard that was torn or changed since it was written is named, and simulated again.

    Raises:
        SimulationError: without tables, if a Geant4 process fails, or for a foreign file.
    """
    origin = load_origin(tables)
    plan = plan_shards(folder, detector, simulate, origin)
    for shard in plan:
        if shard.is_damaged():
            print(
                f"Warning: {shard.path} was cut off or changed since it was written. Its "
                f"{shard.showers} showers are simulated again.",
                flush=True,
            )
    remove_others(folder, plan)
    new = [shard for shard in plan if not shard.is_finished()]
    place = folder.parent / UNFINISHED / folder.name
    begun = [replace(shard, path=place / shard.path.name) for shard in new]
    if new:
        remove_others(place, begun)
    todo = [shard for shard in begun if not shard.is_finished()]
    jobs = [_job(shard, detector, simulate, origin) for shard in todo]
    missing = sum(shard.showers for shard in todo)
    processes = simulate.processes or len(os.sched_getaffinity(0))
    with progress_bar("Geant4 showers", simulate.showers, done=simulate.showers - missing) as bar:
        run_jobs(jobs, processes, geant4_environment(tables), bar)
    for shard, finished in zip(begun, new, strict=True):
        shutil.move(shard.path, finished.path)
    return new


def plan_shards(
    folder: Path, detector: DetectorConfig, simulate: SimulateConfig, origin: TablesOrigin
) -> list[Shard]:
    """All shards that hold `simulate.showers` showers together; the last may be smaller."""
    size = simulate.showers_per_shard
    deciding = {
        "detector": as_dict(detector),
        "simulate": {k: v for k, v in as_dict(simulate).items() if k not in UNDECISIVE},
        "tables": origin.digest,
        "geant4_pybind": importlib.metadata.version("geant4-pybind"),
        "source": [meaning(path) for path in (*map(HERE.joinpath, DECIDING), DETECTOR)],
    }
    counts = [min(size, simulate.showers - first) for first in range(0, simulate.showers, size)]
    return [
        Shard(index, count, shard_path(folder, index), digest([deciding, index, count]))
        for index, count in enumerate(counts)
    ]


def shard_path(folder: Path, index: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{index:05d}.h5"


def remove_others(folder: Path, plan: Sequence[Shard]) -> None:
    """Move aside surplus and outdated shards; remove what killed processes left unfinished.

    Raises:
        SimulationError: for a shower file with another name, which is not ours to remove.
    """
    folder.mkdir(parents=True, exist_ok=True)
    refuse_foreign_files(folder)
    kept = {shard.path for shard in plan if shard.is_finished()}
    for path in folder.glob(f".{SHARD_FILES}.*"):
        path.unlink()
    others = sorted(path for path in folder.glob(SHARD_FILES) if path not in kept)
    why = "more than simulate.showers, damaged, or of other parameters, tables or code"
    set_shards_aside(others, why)


def set_shards_aside(shards: Sequence[Path], why: str) -> None:
    """Move shower files that are not wanted any more, and say where they are."""
    if place := set_files_aside(shards, "simulate"):
        print(
            f"{shards[0].parent}: {len(shards)} shower files are not used any more ({why}). They "
            f"are now in {place} ({size_of(place)}): delete them when you do not need them, or set "
            "simulate.import_from to that folder.",
            flush=True,
        )


def refuse_foreign_files(folder: Path) -> None:
    """Raise SimulationError if `folder` holds shower files that this project did not name."""
    foreign = sorted(set(folder.glob("*.h5")) - set(folder.glob(SHARD_FILES)))
    if foreign:
        raise SimulationError(
            f"{foreign[0]}: not written by this stage, but would be trained on. Move it out of "
            f"{folder}; to train on your own files, set simulate.import_from."
        )


def _job(
    shard: Shard, detector: DetectorConfig, simulate: SimulateConfig, origin: TablesOrigin
) -> Job:
    return {
        "detector": as_dict(detector),
        "simulate": as_dict(simulate),
        "shard": shard.index,
        "showers": shard.showers,
        "path": str(shard.path),
        "attributes": _attributes(detector, simulate, origin)
        | {"shard": shard.index, "fingerprint": shard.fingerprint},
    }


def _attributes(
    detector: DetectorConfig, simulate: SimulateConfig, origin: TablesOrigin
) -> dict[str, Any]:
    """How the showers were made, for the file's attributes; Geant4's process adds its version."""
    return {
        "geometry": as_dict(detector),
        "physics_list": "G4EmStandardPhysics",
        "tables": origin.name,
        "tables_source": origin.source,
        "tables_digest": origin.digest,
        "particle": simulate.particle,
        "energy_min_GeV": simulate.energy_min_GeV,
        "energy_max_GeV": simulate.energy_max_GeV,
        "energy_spectrum": simulate.energy_spectrum,
        "theta_min_deg": simulate.theta_min_deg,
        "theta_max_deg": simulate.theta_max_deg,
        "cut_mm": simulate.cut_mm,
        "seed": simulate.seed,
    }
