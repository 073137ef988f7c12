"""What an HDF5 file from outside must not hold: ways to other files, code, and memory bombs.

HDF5 can point to other files (links, external and virtual storage), load compression plug-ins,
and describe a terabyte in a kilobyte; strings and objects need more trust than numbers do.
"""

import math
from collections.abc import Iterator

import h5py

MOST_CHUNK_B = 256 * 2**20
"""A chunk is decompressed as a whole."""
LARGEST_RATIO = 1100.0
"""Of size in memory over size in the file; gzip reaches 1032."""
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
NUMBERS = "iufb"
"""NumPy's kinds of types."""


def unsafe_content(file: h5py.File) -> str:
    """What in the file is not to be read: a phrase that names it; empty if nothing is."""
    return next(filter(None, map(_fault, _members(file))), "")


def _members(group: h5py.Group) -> Iterator[tuple[str, object, h5py.Dataset | None]]:
    """Path, link and data set of everything below a group; links are not followed."""
    for name in group:
        link = group.get(name, getlink=True)
        path = f"{group.name.rstrip('/')}/{name}"[1:]
        if not isinstance(link, h5py.HardLink):
            yield path, link, None
            continue
        found = group[name]
        yield path, link, found if isinstance(found, h5py.Dataset) else None
        if isinstance(found, h5py.Group):
            yield from _members(found)


def _fault(member: tuple[str, object, h5py.Dataset | None]) -> str:
    path, link, data = member
    if not isinstance(link, h5py.HardLink):
        return f"{path} is a link to elsewhere"
    if data is None:
        return ""
    return next((f"dataset {path} {fault}" for fault in _dataset_faults(data)), "")


def _dataset_faults(data: h5py.Dataset) -> Iterator[str]:
    if data.external or data.is_virtual:
        yield "keeps its values in another file"
    if data.dtype.kind not in NUMBERS:
        yield f"holds {data.dtype}, not numbers"
        return
    plist = data.id.get_create_plist()
    filters = {plist.get_filter(index)[0] for index in range(plist.get_nfilters())}
    if unknown := filters - KNOWN_FILTERS:
        yield f"is compressed by a plug-in (HDF5 filter {min(unknown)})"
    chunk_B = math.prod(data.chunks or ()) * data.dtype.itemsize
    if chunk_B > MOST_CHUNK_B:
        yield f"has chunks of {chunk_B / 2**20:.0f} MiB; at most {MOST_CHUNK_B // 2**20} are read"
    size_B, stored_B = data.size * data.dtype.itemsize, data.id.get_storage_size()
    if size_B > max(ALWAYS_FINE_B, LARGEST_RATIO * stored_B):
        yield f"claims {size_B / 2**20:.0f} MiB in {stored_B} stored bytes"
