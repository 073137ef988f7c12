"""Cycle times on limited links, against values computed by hand."""

import json

import pytest

from heitler.scaling.projection_summary import PAYLOAD, emulated_residuals, limited_cycle_s


def test_a_limited_link_adds_the_time_that_the_data_need():
    # A ring of 4 moves 2 x 3/4 of 3 MB over each link: 4.5 MB at 12.5 MB/s less headers.
    found = limited_cycle_s(2.0, (1_000_000, 2_000_000), hosts=4, bandwidth_bit_per_s=100e6)
    assert found == pytest.approx(2.0 + 4.5 / 12.5 / PAYLOAD)


def test_measured_cycles_stand_beside_predicted_ones(tmp_path):
    path = tmp_path / "namespaces.json"
    assert emulated_residuals(path) == []
    expected = limited_cycle_s(2.0, (1_000_000,), 4, 100e6)
    results = {
        "messages_B": [1_000_000],
        "hosts": 4,
        "unlimited_cycle_s": 2.0,
        "limited": [
            {"bandwidth_bit_per_s": 100e6, "cycle_s": 1.1 * expected},
            {"bandwidth_bit_per_s": 100e6, "cycle_s": 1.3 * expected},
        ],
    }
    path.write_text(json.dumps(results))
    near, far = emulated_residuals(path)
    assert (near.check, near.nodes) == ("emulated at 100 Mbit/s", 4)
    assert near.deviation == pytest.approx(1 / 1.1 - 1)
    assert near.passes
    assert not far.passes
