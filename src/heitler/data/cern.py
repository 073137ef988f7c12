"""Import of showers instead of simulating: files of any layout in `heitler.data.layouts`."""

import dataclasses
import math
import shutil
from pathlib import Path

from heitler.base.place import in_project
from heitler.base.progress import progress_bar
from heitler.config import DetectorConfig, SimulateConfig, as_dict
from heitler.data.any_format import ShowerFile, Wishes, inspect_showers
from heitler.data.checks import READING_ATTRIBUTE, DataError
from heitler.data.download import download, is_url
from heitler.data.hdf5 import write_showers
from heitler.data.particles import NoSuchParticleError
from heitler.detector import image_shape
from heitler.simulation.shards import (
    SHARD_FILES,
    refuse_foreign_files,
    set_shards_aside,
    shard_path,
)

OPTIONS = ("simulate.import_unit", "simulate.import_scale", "simulate.import_particle")
MOST_EMPTY = 0.5
"""Share of empty showers above which something is wrong with the files."""


def import_showers(
    folder: Path, downloads: Path, detector: DetectorConfig, simulate: SimulateConfig
) -> int:
    """Fill `folder` with shards from `simulate.import_from`, at most `simulate.showers` showers.

    What was there before is replaced once all showers are read and found good.

    Raises:
        DataError: for a missing source, a file whose content cannot be showers, or whose units or
            particle are not clear.
    """
    sources = find_sources(str(simulate.import_from), downloads)
    refuse_foreign_files(folder)
    beside = folder.with_name(f"{folder.name}.importing")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        imported = _import_into(beside, sources, detector, simulate)
        folder.mkdir(parents=True, exist_ok=True)
        set_shards_aside(sorted(folder.glob(SHARD_FILES)), "others are imported")
        for shard in beside.iterdir():
            shard.replace(folder / shard.name)
    finally:
        shutil.rmtree(beside)
    return imported


def _import_into(
    folder: Path, sources: list[Path], detector: DetectorConfig, simulate: SimulateConfig
) -> int:
    files = _inspect_all(sources, detector, simulate)
    _refuse_other_particles(files)
    for note in reading_notes(files):
        print(note, flush=True)
    index = imported = empty = 0
    total = min(sum(map(len, files)), simulate.showers)
    with progress_bar("Importing showers", total) as advance:
        for whole in files:
            file = whole.first(total - imported)
            for part in file.read(simulate.showers_per_shard):
                showers = dataclasses.replace(part, event_id=part.event_id + imported)
                write_showers(shard_path(folder, index), showers, _attributes(file, detector))
                empty += int((~showers.cells_GeV.any(axis=(1, 2, 3))).sum())
                index += 1
                advance(len(showers))
            imported += len(file)
    _tell_empty(empty, imported)
    return imported


def _inspect_all(
    sources: list[Path], detector: DetectorConfig, simulate: SimulateConfig
) -> list[ShowerFile]:
    """How the files are to be read; those without the particle wanted are told and left out."""
    files, others = [], []
    for source in sources:
        try:
            files.append(_inspect(source, detector, simulate))
        except NoSuchParticleError as error:
            others.append(error)
    if others and not files:
        raise others[0]
    for other in others:
        print(f"Left out: {other}", flush=True)
    return files


def _inspect(source: Path, detector: DetectorConfig, simulate: SimulateConfig) -> ShowerFile:
    """How a file is to be read, with the detector's images."""
    image = image_shape(detector)
    one_angle = simulate.theta_min_deg == simulate.theta_max_deg
    wishes = Wishes(
        unit=simulate.import_unit,
        scale=simulate.import_scale,
        particle=simulate.import_particle,
        shape=image,
        assumed_particle=simulate.particle,
        theta_rad=math.radians(simulate.theta_min_deg) if one_angle else None,
        options=OPTIONS,
    )
    file = inspect_showers(source, wishes)
    if file.shape != image:
        raise DataError(
            f"{source}: dataset {file.layout.cells} has images of {file.shape} cells, but the "
            f"detector's images are {image}. Set detector.cells_kept to the first number and "
            "detector.sections to as many layers as the last."
        )
    return file


def _refuse_other_particles(files: list[ShowerFile]) -> None:
    counts = {
        kind: sum(len(file) for file in files if file.particle == kind)
        for kind in dict.fromkeys(file.particle for file in files)
    }
    if len(counts) > 1:
        told = ", ".join(
            f"{count} {kind} (first in {next(f.path.name for f in files if f.particle == kind)})"
            for kind, count in counts.items()
        )
        raise DataError(
            f"{files[0].path.parent}: the files mix particles: {told}. One generator learns one: "
            f"choose it with {OPTIONS[2]}={next(iter(counts))}, or import one file."
        )


def reading_notes(files: list[ShowerFile]) -> list[str]:
    """How the files are read; once for those that are read alike."""
    alike: dict[tuple[str, ...], list[ShowerFile]] = {}
    for file in files:
        units = dataclasses.replace(file.reading, fraction=0.0)
        alike.setdefault((file.layout.name, str(units), file.particle), []).append(file)
    notes = []
    for first, *others in alike.values():
        notes += first.notes
        if others:
            notes.append(f"{len(others)} more files, up to {others[-1].path}, are read alike.")
    return notes


def _attributes(file: ShowerFile, detector: DetectorConfig) -> dict[str, object]:
    reading = file.reading
    return {
        "label": "Imported showers",
        "geometry": as_dict(detector),
        "imported_from": file.path.name,
        READING_ATTRIBUTE: {
            "layout": file.layout.name,
            "cells_unit": reading.cells_unit,
            "energy_unit": reading.energy_unit,
            "cells_divided_by": reading.scale,
        },
    }


def _tell_empty(empty: int, imported: int) -> None:
    """Say how many showers are empty.

    Raises:
        DataError: if most of them are.
    """
    if empty > MOST_EMPTY * imported:
        raise DataError(
            f"simulate.import_from: {empty} of {imported} showers are empty. Look at the program "
            "that wrote them, or at its threshold."
        )
    if empty:
        print(
            f"{empty} of {imported} showers are empty: stage prepare leaves them out.", flush=True
        )


def find_sources(import_from: str, downloads: Path) -> list[Path]:
    """The HDF5 files that a path, a folder or a URL stands for, in order.

    Raises:
        DataError: if there are none.
    """
    if is_url(import_from):
        return [download(import_from, downloads)]
    path = in_project(Path(import_from))
    if path.is_file():
        return [path]
    found = sorted([*path.glob("*.h5"), *path.glob("*.hdf5")])
    if not found:
        what = "no .h5 or .hdf5 files in this folder" if path.is_dir() else "no such file or folder"
        raise DataError(
            f"{path}: {what}. simulate.import_from is a path, a folder or a URL of HDF5 files; "
            "CERN's public ones are at https://zenodo.org/records/3603086"
        )
    return found
