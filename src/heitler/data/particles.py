"""Which particle started the showers of a file: its codes, or what the user says; never a guess."""

from collections import Counter
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.data.checks import DataError
from heitler.data.hdf5 import PDG
from heitler.data.layouts import Column, Layout, find_column, read_column


class NoSuchParticleError(DataError):
    """A file has none of the particle that is wanted."""


ASSUMED = "e-"
"""Where neither the file nor the user says."""
NAMES = {float(code): name for name, code in PDG.items()}


def read_codes(
    file: h5py.File, path: Path, layout: Layout, rows: int
) -> tuple[Column, NDArray[np.float64]] | None:
    """PDG codes (N,) and where they are; None if the file has none."""
    column = find_column(file, layout.particles)
    return None if column is None else (column, read_column(file, path, column, rows))


def choose_rows(
    path: Path,
    codes: tuple[Column, NDArray[np.float64]] | None,
    total: int,
    *,
    wanted: str | None,
    assumed: str,
    option: str,
) -> tuple[NDArray[np.int64], str, list[str]]:
    """The rows to take (N,), their particle, and what is to be said of the choice.

    Args:
        wanted: the particle that the user names with `option`.
        assumed: where neither the file nor the user says.

    Raises:
        DataError: for particles that are mixed, unknown, or not the one wanted.
    """
    if codes is None:
        particle = wanted or assumed
        note = (
            f"{path} does not say which particle: taken for {particle}. If it is another: {option}."
        )
        return np.arange(total), particle, [note]
    column, code = codes
    kinds = np.unique(code)
    if wanted is None and len(kinds) == 1 and kinds[0] in NAMES:
        return np.arange(total), NAMES[kinds[0]], []
    if wanted is None and len(kinds) == 1:
        raise DataError(
            f"{path}: dataset {column}, row 0 has particle code {code[0]:g}, as all {total} "
            f"showers. Electrons (11), positrons (-11) and photons (22) are known, no others: give "
            "a file of one of them."
        )
    if wanted is None:
        raise DataError(
            f"{path}: dataset {column} mixes particles: {counted(code)}. One generator learns one: "
            f"choose it with {option}, such as {option_for(option, code)}."
        )
    rows = np.flatnonzero(code == PDG[wanted])
    if not len(rows):
        raise NoSuchParticleError(
            f"{path}: dataset {column} has no {wanted}, which {option} asks for: {counted(code)}."
        )
    left = total - len(rows)
    note = (
        f"{path}: {left} of {total} showers are of other particles and left out: {counted(code)}."
    )
    return rows, wanted, [note] if left else []


def option_for(option: str, codes: NDArray[np.float64]) -> str:
    """The option with the most frequent particle that is known: "--particle gamma"."""
    known = [NAMES[float(code)] for code in codes if float(code) in NAMES] or [ASSUMED]
    joint = "=" if "." in option else " "
    return f"{option}{joint}{Counter(known).most_common(1)[0][0]}"


def counted(codes: NDArray[np.float64]) -> str:
    """ "30 e-, 30 gamma"; codes that have no name here as PDG codes."""
    counts = Counter(NAMES.get(float(code), f"PDG code {code:g}") for code in codes)
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())
