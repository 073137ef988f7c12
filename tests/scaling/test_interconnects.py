"""All-reduce times against values computed by hand."""

import json

import pytest

from heitler.scaling.interconnects import PRESETS, InterconnectError, Link, allreduce_s, find_link

LINK = Link("test", 1e-3, 1e6, 0.0, "by hand")
"""1 ms, 1 MB/s."""


@pytest.mark.parametrize(
    ("algorithm", "processes", "expected_s"),
    [
        ("ring", 2, 2e-3 + 1.0),  # 2 (2-1) a + 2 (1/2) S/B, for S = 1 MB
        ("ring", 4, 6e-3 + 1.5),
        ("ring", 5, 8e-3 + 1.6),
        ("recursive_halving", 2, 2e-3 + 1.0),
        ("recursive_halving", 4, 4e-3 + 1.5),
        ("recursive_halving", 8, 6e-3 + 1.75),
        ("recursive_halving", 5, 4e-3 + 1.5 + 2e-3 + 2.0),  # as 4, and one that hands over first
        ("recursive_halving", 7, 4e-3 + 1.5 + 2e-3 + 2.0),
    ],
)
def test_allreduce_takes_what_the_formula_says(algorithm, processes, expected_s):
    assert allreduce_s(1e6, processes, LINK, algorithm) == pytest.approx(expected_s)


@pytest.mark.parametrize("algorithm", ["ring", "recursive_halving"])
def test_one_process_has_nothing_to_reduce(algorithm):
    assert allreduce_s(1e6, 1, LINK, algorithm) == 0


def test_recursive_halving_wins_where_latency_counts():
    times = [allreduce_s(100, 256, LINK, name) for name in ("ring", "recursive_halving")]
    assert times[1] < times[0] / 20


def test_unknown_interconnect_lists_the_known_ones():
    with pytest.raises(InterconnectError, match=r"'infinband'. There are: .*infiniband-hdr"):
        find_link("infinband")


def test_every_preset_says_that_it_is_from_the_literature():
    assert all(link.source.startswith("literature:") for link in PRESETS.values())


def test_measured_interconnect_is_read_or_its_command_named(tmp_path):
    path = tmp_path / "link.json"
    with pytest.raises(InterconnectError, match=r"link.json: not found.*heitler check-cluster"):
        find_link("measured", path)
    path.write_text(json.dumps({"world_size": 1.0, "allreduce_4_B_s": 1e-3}))
    with pytest.raises(InterconnectError, match=r"measured with one worker"):
        find_link("measured", path)
    path.write_text(json.dumps({"allreduce_4_B_s": 4e-3, "bandwidth_B_per_s": 1e9}))
    link = find_link("measured", path)
    assert (link.start_s, link.bandwidth_B_per_s) == (4e-3, 1e9)
    assert "measured" in link.source
