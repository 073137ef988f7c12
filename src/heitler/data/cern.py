"""Import of CERN's public 3D calorimeter images instead of simulating.

| layout         | cells                | primary energy   | angle to the face  |
|----------------|----------------------|------------------|--------------------|
| fixed angle    | `ECAL`, GeV          | `target[:, 1]`   | 90 degrees         |
| variable angle | `ECAL`, GeV times 50 | `energy`         | `theta`, `mtheta`  |
| this project's | `ECAL`, GeV          | `target[:, 1]`   | `theta`            |

Public data: Zenodo record 3603086 (https://zenodo.org/records/3603086).
"""

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from heitler.config import DetectorConfig, SimulateConfig, as_dict
from heitler.data.checks import (
    DataError,
    Rows,
    check_showers,
    damage_reported,
    open_hdf5,
    require_dataset,
)
from heitler.data.download import download, is_url
from heitler.data.hdf5 import PDG, Showers, write_showers
from heitler.detector import image_shape
from heitler.progress import progress_bar
from heitler.simulation.shards import SHARD_FILES, refuse_foreign_files, shard_path

REMEDY = "Fetch the file again, or set simulate.import_from to another (Zenodo record 3603086)."
VARIABLE_ANGLE_SCALE = 50.0
"""CERN's variable-angle files hold cell energies in GeV times this."""


@dataclass(frozen=True)
class Layout:
    """Which datasets of a file hold what."""

    energy: str
    energy_column: int
    theta: str | None
    cell_scale: float


def import_showers(
    folder: Path, downloads: Path, detector: DetectorConfig, simulate: SimulateConfig
) -> int:
    """Fill `folder` with shards from `simulate.import_from`, at most `simulate.showers` showers.

    What was there before is replaced once all showers are read and found good.

    Raises:
        DataError: for a missing source, or a file whose content cannot be showers.
    """
    sources = find_sources(str(simulate.import_from), downloads)
    refuse_foreign_files(folder)
    beside = folder.with_name(f"{folder.name}.importing")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        imported = _import_into(beside, sources, detector, simulate)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(SHARD_FILES):
            old.unlink()
        for shard in beside.iterdir():
            shard.replace(folder / shard.name)
    finally:
        shutil.rmtree(beside)
    return imported


def _import_into(
    folder: Path, sources: list[Path], detector: DetectorConfig, simulate: SimulateConfig
) -> int:
    attributes = {"label": "Imported showers", "geometry": as_dict(detector)}
    index = imported = 0
    with progress_bar(
        "Importing showers", _available(sources, detector, simulate.showers)
    ) as advance:
        for source in sources:
            for showers in _read_source(source, detector, simulate, imported):
                name = {"imported_from": source.name}
                write_showers(shard_path(folder, index), showers, attributes | name)
                index, imported = index + 1, imported + len(showers)
                advance(len(showers))
    return imported


def find_sources(import_from: str, downloads: Path) -> list[Path]:
    """The HDF5 files that a path, a folder or a URL stands for, in order.

    Raises:
        DataError: if there are none.
    """
    if is_url(import_from):
        return [download(import_from, downloads)]
    path = Path(import_from)
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


def find_layout(file: h5py.File, path: Path, remedy: str = REMEDY) -> Layout:
    """Recognise the layout by its datasets.

    Raises:
        DataError: if it is none that we know.
    """
    theta = next((name for name in ("theta", "mtheta") if name in file), None)
    if "target" in file:
        return Layout("target", 1, theta, cell_scale=1.0)
    require_dataset(file, path, "energy", remedy)
    if theta is None:
        require_dataset(file, path, "theta", remedy)
    return Layout("energy", 0, theta, VARIABLE_ANGLE_SCALE)


def _available(sources: list[Path], detector: DetectorConfig, wanted: int) -> int:
    """How many of the showers wanted the files hold, whose layouts are right."""
    total = 0
    for path in sources:
        with open_hdf5(path, REMEDY) as file, damage_reported(path, REMEDY):
            total += _check_shapes(file, path, find_layout(file, path), image_shape(detector))
    return min(total, wanted)


def _read_source(
    path: Path, detector: DetectorConfig, simulate: SimulateConfig, imported: int
) -> Iterator[Showers]:
    """Checked showers of one file, a shard at a time; event ids count on from `imported`."""
    with open_hdf5(path, REMEDY) as file:
        layout = find_layout(file, path)
        showers = _check_shapes(file, path, layout, image_shape(detector))
        showers = min(showers, simulate.showers - imported)
        particle = _find_particle(file, path, layout, simulate.particle)
        for first in range(0, showers, simulate.showers_per_shard):
            rows = slice(first, min(first + simulate.showers_per_shard, showers))
            try:
                part = read_rows(file, layout, rows, imported, particle)
            except OSError as error:
                raise DataError(
                    f"{path}: rows {rows.start} to {rows.stop - 1} cannot be read: the file is "
                    f"damaged ({error}). {REMEDY}"
                ) from None
            check_showers(part, Rows(path, first, layout.energy, layout.theta or "theta", REMEDY))
            yield part


def _check_shapes(file: h5py.File, path: Path, layout: Layout, image: tuple[int, int, int]) -> int:
    """The number of showers, in all datasets of the layout, with the detector's images."""
    require_dataset(file, path, "ECAL", REMEDY)
    found = file["ECAL"].shape
    if found[1:] not in (image, (*image, 1)):
        raise DataError(
            f"{path}: dataset ECAL has shape {found}, but the detector's images are {image}. "
            "Set detector.cells_kept to its second number and detector.sections to its layers."
        )
    return check_rows(file, path, layout, REMEDY)


def check_rows(file: h5py.File, path: Path, layout: Layout, remedy: str) -> int:
    """The number of showers, the same in all datasets of the layout; images may be of any size.

    Raises:
        DataError: for other shapes.
    """
    require_dataset(file, path, "ECAL", remedy)
    found = file["ECAL"].shape
    if len(found) != 4 and found[4:] != (1,):
        raise DataError(f"{path}: dataset ECAL has shape {found}, not (showers, X, Y, Z). {remedy}")
    if not found[0]:
        raise DataError(f"{path}: dataset ECAL has no showers. {remedy}")
    for name in filter(None, (layout.energy, layout.theta)):
        require_dataset(file, path, name, remedy)
        rows, *columns = file[name].shape or (0,)
        if rows != found[0]:
            raise DataError(
                f"{path}: dataset {name} has {rows} rows, ECAL has {found[0]}. {remedy}"
            )
        width = math.prod(columns)
        if width <= layout.energy_column if name == layout.energy else width != 1:
            raise DataError(
                f"{path}: dataset {name} has shape {file[name].shape}, too many or too few numbers "
                f"per shower. {remedy}"
            )
    return int(found[0])


def read_rows(
    file: h5py.File, layout: Layout, rows: slice, imported: int, particle: str
) -> Showers:
    """Some showers of an open file; event ids count on from `imported`."""
    cells = np.asarray(file["ECAL"][rows], np.float32) / np.float32(layout.cell_scale)
    count = len(cells)
    energy = np.asarray(file[layout.energy][rows], np.float32).reshape(count, -1)
    theta = file[layout.theta][rows] if layout.theta else np.full(count, np.pi / 2)
    return Showers(
        cells_GeV=cells.reshape(cells.shape[:4]),
        primary_energy_GeV=energy[:, layout.energy_column],
        theta_rad=np.asarray(theta, np.float32).reshape(count),
        event_id=imported + rows.start + np.arange(count, dtype=np.int64),
        cpu_seconds=np.full(count, np.nan, np.float32),
        particle=particle,
    )


def _find_particle(file: h5py.File, path: Path, layout: Layout, default: str) -> str:
    """The particle whose PDG code the target column holds, or `default` for other layouts."""
    if layout.energy != "target":
        return default
    names = {code: name for name, code in PDG.items()}
    with damage_reported(path, REMEDY):
        code = float(np.asarray(file["target"][0]).flat[0])
    if code not in names:
        raise DataError(
            f"{path}: dataset target, row 0 has particle code {code:g}. Electrons (11), positrons "
            f"(-11) and photons (22) can be imported. {REMEDY}"
        )
    return names[int(code)]
