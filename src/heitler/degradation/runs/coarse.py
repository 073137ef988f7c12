"""Prepared showers with a coarser read-out: cells merged, energies conserved."""

import dataclasses
import json
import os
from pathlib import Path

from heitler.base.files import write_json
from heitler.data.hdf5 import iterate_showers, read_attributes, shower_writer
from heitler.data.split import SETS
from heitler.showers import merge_cells

SUMMARY = "summary.json"


def coarse_showers(prepared: Path, folder: Path, merge: tuple[int, int]) -> Path:
    """The folder of the merged showers; that of the prepared ones where nothing is merged.

    Args:
        prepared: folder of `prepare`: train.h5, validation.h5, test.h5, summary.json.
        folder: for the merged ones, made if they are not there yet.
        merge: cells across and layers along the depth, as in `degradation.merge_cells`.
    """
    if merge == (1, 1):
        return prepared
    summary = json.loads((prepared / SUMMARY).read_text())
    place = folder / f"showers-{merge[0]}x{merge[0]}x{merge[1]}-{summary['digest'][:16]}"
    if not (place / SUMMARY).is_file():
        shapes = {name: _merge_set(prepared, place, name, merge) for name in SETS}
        summary["image_shape"] = shapes["test"]
        write_json(place / SUMMARY, summary)  # last: it says that the others are whole
    return place


def _merge_set(prepared: Path, place: Path, name: str, merge: tuple[int, int]) -> list[int]:
    """Write one set; its image shape. Each process writes its own file, the last one stays."""
    source, own = prepared / f"{name}.h5", place / f"{name}-{os.getpid()}.h5"
    pieces = (
        dataclasses.replace(part, cells_GeV=merge_cells(part.cells_GeV, *merge))
        for part in iterate_showers(source)
    )
    first = next(pieces)
    shape = first.cells_GeV.shape[1:]
    place.mkdir(parents=True, exist_ok=True)
    with shower_writer(own, shape, read_attributes(source) | {"merged": list(merge)}) as append:
        append(first)
        for part in pieces:
            append(part)
    own.replace(place / f"{name}.h5")
    return list(shape)
