"""What an HDF5 dataset from outside must not be: a way to other files, code, or a memory bomb.

HDF5 can point to other files (links, external and virtual storage), load compression plug-ins,
and describe a terabyte in a kilobyte; strings and objects need more trust than numbers do. Only
what is read is looked at: a label beside the numbers, or a link that nobody follows, does no harm.
"""

import math
from collections.abc import Iterator

import h5py

MOST_CHUNK_B = 256 * 2**20
"""A chunk is decompressed as a whole."""
LARGEST_RATIO = 1100.0
"""Size in memory over size in the file; gzip reaches 1032."""
ALWAYS_FINE_B = 16 * 2**20
"""A data set this small needs no stored bytes: HDF5 fills in what was never written."""
KNOWN_FILTERS = {
    h5py.h5z.FILTER_DEFLATE,
    h5py.h5z.FILTER_SHUFFLE,
    h5py.h5z.FILTER_FLETCHER32,
    h5py.h5z.FILTER_SZIP,
    h5py.h5z.FILTER_NBIT,
    h5py.h5z.FILTER_SCALEOFFSET,
    h5py.h5z.FILTER_LZF,
}
PLUG_INS = {
    307: "bzip2",
    32001: "Blosc",
    32004: "LZ4",
    32008: "bitshuffle",
    32013: "ZFP",
    32015: "Zstandard",
    32026: "Blosc2",
}
"""Registered filters that need a plug-in: https://github.com/HDFGroup/hdf5_plugins."""
NUMBERS = "iufb"
"""NumPy's kinds of types."""


def unsafe_dataset(file: h5py.File, name: str) -> str:
    """Why a dataset, or link of that name, is not to be read; empty if nothing is wrong.

    Args:
        name: as in the file, with its groups: "30x30/layers". Links on the way are not followed.
    """
    group: h5py.Group = file
    parts = name.split("/")
    for depth, part in enumerate(parts, start=1):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            return f"{'/'.join(parts[:depth])} is a link to elsewhere"
        found = group[part]
        if isinstance(found, h5py.Dataset):
            return next((f"dataset {name} {fault}" for fault in _dataset_faults(found)), "")
        group = found
    return ""


def has_name(file: h5py.File, name: str) -> bool:
    """Whether something is there under the name, be it a link; none is followed."""
    group: h5py.Group = file
    *groups, last = name.split("/")
    for part in groups:
        if part not in set(group) or not isinstance(group.get(part, getlink=True), h5py.HardLink):
            return False
        group = group[part]
        if not isinstance(group, h5py.Group):
            return False
    return last in set(group)


def _dataset_faults(data: h5py.Dataset) -> Iterator[str]:
    if data.external or data.is_virtual:
        yield "keeps its values in another file"
    if data.dtype.kind not in NUMBERS:
        yield f"holds {data.dtype}, not numbers"
        return
    if plug_in := _plug_in(data):
        name = PLUG_INS.get(plug_in, "an unregistered method")
        yield (
            f"is compressed with {name} (HDF5 filter {plug_in}), which only a plug-in can read, "
            "and plug-ins are code from elsewhere; a copy without it, made where the plug-in is: "
            "h5repack -f GZIP=4 OLD NEW"
        )
    chunk_B = math.prod(data.chunks or ()) * data.dtype.itemsize
    if chunk_B > MOST_CHUNK_B:
        yield f"has chunks of {chunk_B / 2**20:.0f} MiB; at most {MOST_CHUNK_B // 2**20} are read"
    size_B, stored_B = data.size * data.dtype.itemsize, data.id.get_storage_size()
    if size_B > max(ALWAYS_FINE_B, LARGEST_RATIO * stored_B):
        yield f"claims {size_B / 2**20:.0f} MiB in {stored_B} stored bytes"


def _plug_in(data: h5py.Dataset) -> int:
    """A filter that reading would need a plug-in for, or 0.

    A filter may be named and yet not used: HDF5 leaves an optional one out where it lacks it, and
    marks every chunk that it left it out of.
    """
    plist = data.id.get_create_plist()
    for index in range(plist.get_nfilters()):
        number = int(plist.get_filter(index)[0])
        if number not in KNOWN_FILTERS and _is_used(data, index):
            return number
    return 0


def _is_used(data: h5py.Dataset, index: int) -> bool:
    """Whether some chunk went through the filter with this place in the pipeline."""
    used = data.id.chunk_iter(lambda chunk: True if not chunk.filter_mask >> index & 1 else None)
    return bool(used)
