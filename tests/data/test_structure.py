"""The numbers of a layer, on showers that can be counted by hand."""

import numpy as np
import pytest

from heitler.data.structure import QUANTITIES, layer_structure, quantity


@pytest.fixture
def shower() -> np.ndarray:
    """Layer 0: two neighbours along x. Layer 1: three cells round a corner. Layer 2: empty."""
    cells = np.zeros((1, 5, 5, 3), np.float32)
    cells[0, 2, 2, 0], cells[0, 3, 2, 0] = 3e-3, 1e-3
    cells[0, 2, 2, 1], cells[0, 2, 3, 1], cells[0, 3, 3, 1] = 2e-3, 1e-3, 5e-5
    return cells


def found(cells: np.ndarray, name: str) -> np.ndarray:
    return quantity(layer_structure(cells), name)[0]


def test_hits_centres_widths_and_shares_are_those_counted_by_hand(shower):
    np.testing.assert_array_equal(found(shower, "hits"), [2, 3, 0])
    np.testing.assert_array_equal(found(shower, "strong_hits"), [2, 2, 0])
    assert found(shower, "centre_x")[0] == pytest.approx(0.25)
    assert found(shower, "width_x")[0] == pytest.approx(np.sqrt(0.25 - 0.25**2))
    assert found(shower, "width_y")[0] == 0
    assert found(shower, "radius")[0] == pytest.approx(0.25)
    assert found(shower, "largest_share")[0] == pytest.approx(0.75)


def test_neighbours_within_and_between_layers_are_those_counted_by_hand(shower):
    assert found(shower, "pairs_x")[:2] == pytest.approx([1 / 2, 1 / 3])
    assert found(shower, "pairs_y")[:2] == pytest.approx([0, 1 / 3])
    assert found(shower, "pairs_xy")[:2] == pytest.approx([0, 1 / 3])
    assert found(shower, "pairs_z")[0] == pytest.approx(1 / 2)
    assert found(shower, "pairs_yz")[0] == pytest.approx(2 / 2)
    assert found(shower, "pairs_xz")[0] == pytest.approx(1 / 2)
    assert found(shower, "product_x")[0] == pytest.approx(3 * 1 / 4**2)
    assert found(shower, "product_z")[0] == pytest.approx(3 * 2 / (4 * 3.05))


def test_an_empty_layer_has_hits_but_no_shape(shower):
    for name in QUANTITIES:
        value = found(shower, name)[2]
        assert value == 0 if name.endswith("hits") else np.isnan(value), name
    assert np.isnan(found(shower, "pairs_z")[1])  # the next layer is empty


def test_cells_at_the_edge_have_no_neighbours_on_the_other_side():
    cells = np.zeros((2, 3, 3, 2), np.float32)
    cells[0, 2, 1, 0] = cells[0, 0, 2, 0] = cells[0, 1, 1, 1] = cells[1, 0, 0, 0] = 1e-3
    for name in ("pairs_x", "pairs_y", "pairs_xy", "pairs_z"):
        assert found(cells, name)[0] == 0, name


def test_x_and_y_exchange_with_the_image():
    cells = np.random.default_rng(1).exponential(1e-3, (4, 6, 6, 3)).astype(np.float32)
    cells[cells < 1e-3] = 0
    turned = layer_structure(cells.transpose(0, 2, 1, 3))
    for name in QUANTITIES:
        other = {"_x": "_y", "_y": "_x"}.get(name[-2:], name[-2:])
        other = {"pairs_xz": "pairs_yz", "pairs_yz": "pairs_xz"}.get(name, name[:-2] + other)
        np.testing.assert_allclose(
            quantity(turned, name), quantity(layer_structure(cells), other), rtol=1e-5, atol=1e-5
        )
