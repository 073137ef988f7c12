"""Cells are merged without losing energy, about the middle of the image."""

import numpy as np
import pytest

from heitler.showers import merge_cells

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("merge", "shape"),
    [((1, 1), (25, 25, 25)), ((5, 5), (5, 5, 5)), ((3, 2), (9, 9, 13)), ((4, 7), (7, 7, 4))],
)
def test_merged_cells_hold_the_energy_of_every_shower(
    merge: tuple[int, int], shape: tuple[int, int, int]
) -> None:
    cells = RANDOM.exponential(1e-3, (4, 25, 25, 25)).astype(np.float32)
    merged = merge_cells(cells, *merge)
    assert merged.shape == (4, *shape)
    assert merged.dtype == np.float32
    np.testing.assert_allclose(merged.sum(axis=(1, 2, 3)), cells.sum(axis=(1, 2, 3)), rtol=1e-5)


def test_blocks_lie_symmetrically_about_the_middle_and_layers_begin_at_the_front() -> None:
    one = np.ones((1, 25, 25, 5), np.float32)
    merged = merge_cells(one, 3, 2)[0]
    np.testing.assert_array_equal(merged[:, 4, 0], 2 * 3 * np.array([2, *[3] * 7, 2]))
    np.testing.assert_array_equal(merged[4, 4], 9 * np.array([2, 2, 1]))


def test_a_shower_of_the_middle_cell_stays_in_the_middle() -> None:
    cells = np.zeros((1, 25, 25, 1), np.float32)
    cells[0, 12, 12, 0] = 1
    for across in (3, 5, 9):
        merged = merge_cells(cells, across, 1)[0, :, :, 0]
        np.testing.assert_array_equal(merged, merged[::-1, ::-1], err_msg=str(across))
