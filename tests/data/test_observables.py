"""Observables put every cell's energy into the right layer, column and bin."""

import numpy as np

from heitler.data.hdf5 import Showers, write_showers
from heitler.data.observables import CELL_EDGES_GEV, load_observables, measure


def one_cell_showers(n):
    """Shower i has one cell, (1, 2, 3), of (i + 1) MeV, at 10 GeV."""
    cells = np.zeros((n, 3, 4, 5), np.float32)
    cells[:, 1, 2, 3] = 1e-3 * np.arange(1, n + 1)
    return Showers(
        cells,
        np.full(n, 10, np.float32),
        np.full(n, np.pi / 2, np.float32),
        np.arange(n),
        np.ones(n, np.float32),
    )


def test_every_profile_has_the_cell_in_its_own_axis():
    observables = measure(one_cell_showers(1))
    for name, index, size in (
        ("transverse_x", 1, 3),
        ("transverse_y", 2, 4),
        ("longitudinal", 3, 5),
    ):
        profile = getattr(observables, name)[0]
        assert profile.shape == (size,)
        assert profile.argmax() == index
        np.testing.assert_allclose(profile.sum(), 1e-4)
    np.testing.assert_allclose(observables.sampling_fraction, 1e-4)


def test_cell_spectrum_counts_cells_above_zero_in_their_bin():
    spectrum = measure(one_cell_showers(1)).cell_spectrum[0]
    assert spectrum.sum() == 1
    index = int(spectrum.argmax())
    assert CELL_EDGES_GEV[index] <= 1.001e-3
    assert CELL_EDGES_GEV[index + 1] > 0.999e-3


def test_a_file_read_in_pieces_gives_what_memory_gives(tmp_path):
    showers = one_cell_showers(1100)  # more than two pieces
    write_showers(tmp_path / "showers.h5", showers, {})
    from_file, in_memory = load_observables(tmp_path / "showers.h5"), measure(showers)
    for name in vars(in_memory):
        np.testing.assert_allclose(
            getattr(from_file, name), getattr(in_memory, name), rtol=1e-6, err_msg=name
        )
