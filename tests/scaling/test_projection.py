"""Limits that the model must keep, and its Monte Carlo."""

from dataclasses import replace

import numpy as np
import pytest

from heitler.scaling.interconnects import Link, allreduce_s
from heitler.scaling.projection import (
    Costs,
    Job,
    ProjectionError,
    cycle_s,
    drawn,
    efficiency,
    epoch_s,
    interval,
)
from heitler.scaling.slowest import log_spread, slowest_over_mean, spread_from_waiting

FREE = Link("free", 0.0, np.inf, 0.0, "no cost")
SLOW = Link("slow", 1e-4, 1e7, 0.2, "test")
JOB = Job(
    showers=1024, batch_per_worker=8, ranks_per_node=1, messages_B=(1000, 50_000), algorithm="ring"
)
COSTS = Costs(
    compute_s=2.0,
    spread=0.05,
    barriers=1.0,
    on_node_s=0.01,
    coordination_s=1e-3,
    input_s=0.02,
    fixed_s=1.5,
    link=SLOW,
)
IDEAL = replace(COSTS, spread=0.0, on_node_s=0.0, coordination_s=0.0, fixed_s=0.0, link=FREE)
NODES = (1, 2, 3, 4, 8, 16, 32, 64, 128)


def test_one_node_takes_the_measured_time():
    assert cycle_s(COSTS, JOB, 1) == pytest.approx(2.0 + 0.01 + 0.02)
    assert epoch_s(COSTS, JOB, 1) == pytest.approx(128 * 2.03 + 1.5)


@pytest.mark.parametrize("nodes", [2, 4, 16, 128])
def test_without_jitter_communication_and_fixed_cost_scaling_is_ideal(nodes):
    assert efficiency(IDEAL, JOB, nodes) == pytest.approx(1.0)


def test_a_cycle_adds_up_its_parts():
    communication = sum(allreduce_s(size, 4, SLOW, "ring") for size in JOB.messages_B)
    agreement = 2 * (1e-3 + 2 * 2 * 1e-4)
    compute = 2.0 * slowest_over_mean(4, 0.05)
    expected = compute + communication + agreement + 0.01 + 0.02
    assert cycle_s(COSTS, JOB, 4) == pytest.approx(expected)


def test_more_nodes_are_faster_but_less_efficient():
    times = [epoch_s(COSTS, JOB, nodes) for nodes in NODES]
    shares = [efficiency(COSTS, JOB, nodes) for nodes in NODES]
    assert times == sorted(times, reverse=True)
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    "worse",
    [
        {"spread": 0.1},
        {"coordination_s": 0.01},
        {"fixed_s": 3.0},
        {"link": replace(SLOW, latency_s=1e-3)},
        {"link": replace(SLOW, bandwidth_B_per_s=1e6)},
    ],
    ids=str,
)
def test_every_overhead_lowers_the_efficiency(worse):
    assert efficiency(replace(COSTS, **worse), JOB, 16) < efficiency(COSTS, JOB, 16)


def test_remainder_makes_cycles_larger_or_is_dropped():
    spread, dropped = (replace(JOB, showers=100, spreads_remainder=flag) for flag in (True, False))
    # 12 cycles of 8 hold 96 of 100 showers.
    assert epoch_s(IDEAL, spread, 1) == pytest.approx(12 * (2.0 * 100 / 96 + 0.02))
    assert epoch_s(IDEAL, dropped, 1) == pytest.approx(12 * 2.02)


def test_too_few_showers_name_the_most_nodes():
    assert JOB.most_nodes() == 128
    with pytest.raises(ProjectionError, match="at most 128 nodes"):
        epoch_s(COSTS, JOB, 129)


def test_slowest_of_n_is_the_mean_of_the_largest_draw():
    random = np.random.default_rng(0)
    for workers in (2, 16, 200):
        draws = np.exp(0.2 * random.standard_normal((40_000, workers)) - 0.02)
        assert slowest_over_mean(workers, 0.2) == pytest.approx(draws.max(axis=1).mean(), rel=5e-3)


def test_spread_is_found_from_times_and_from_waiting():
    times = np.exp(0.1 * np.random.default_rng(0).standard_normal((3, 4000)))
    drifting = times * np.array([[1.0], [2.0], [3.0]])  # other repeats, other speed
    assert log_spread(drifting) == pytest.approx(0.1, rel=0.02)
    assert spread_from_waiting(slowest_over_mean(2, 0.07) - 1, 2) == pytest.approx(0.07)
    assert spread_from_waiting(0.0, 2) == pytest.approx(0.0, abs=1e-6)


def test_draws_are_the_same_for_the_same_seed():
    errors = {"compute_s": 0.05, "fixed_s": 0.3}
    first, again, other = (epoch_s(drawn(COSTS, errors, 500, seed), JOB, 16) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_interval_holds_the_best_value_and_widens_with_the_errors():
    narrow, wide = (
        interval(epoch_s(drawn(COSTS, {"compute_s": error}, 2000, 1), JOB, 16), 0.95)
        for error in (0.01, 0.1)
    )
    best = epoch_s(COSTS, JOB, 16)
    assert wide[0] < narrow[0] < best < narrow[1] < wide[1]
