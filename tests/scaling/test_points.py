"""What a sweep measures."""

import pytest

from heitler.config import ConfigError
from heitler.scaling.points import Comparison, plan_comparisons, points_by_setup
from heitler.scaling.sweep import repeats
from tests.conftest import MakeConfig


def planned(make_config: MakeConfig, cores: int = 8, **scale: object) -> list[Comparison]:
    config = make_config(scale=scale)
    return plan_comparisons(config.scale, config.model, cores)


def test_weak_scaling_keeps_the_batch_per_worker_and_strong_the_global_one(
    make_config: MakeConfig,
) -> None:
    rows = planned(make_config, workers=[2, 4], per_worker_batch_size=8)
    batches = {(row.kind, row.point.workers): row.point.global_batch_size for row in rows}
    assert [batches["weak", n] for n in (1, 2, 4)] == [8, 16, 32]
    assert [batches["strong", n] for n in (1, 2, 4)] == [32, 32, 32]


def test_a_point_of_two_rows_is_measured_once(make_config: MakeConfig) -> None:
    rows = planned(make_config, workers=[1, 2], software=False, independent=False)
    points = [point for found in points_by_setup(rows).values() for point in found]
    assert len(rows) == 4
    assert len(points) == len(set(points)) == 3


def test_independent_processes_are_measured_where_they_have_cores_of_their_own(
    make_config: MakeConfig,
) -> None:
    rows = planned(make_config, cores=4, workers=[1, 2, 4], threads_per_worker=2)
    assert [row.point.workers for row in rows if row.kind == "independent"] == [2]
    rows = planned(make_config, cores=0, workers=[1, 2])
    assert not any(row.kind == "independent" for row in rows)


def test_software_is_compared_on_one_worker_with_the_sweeps_own_kernels(
    make_config: MakeConfig,
) -> None:
    rows = [row for row in planned(make_config) if row.kind == "software"]
    assert len(rows) == 4
    assert rows[0].point == rows[0].reference
    assert [row.name for row in rows] == [
        "software-fast",
        "software-fast-without-onednn",
        "software-plain",
        "software-plain-without-onednn",
    ]


def test_a_number_of_workers_that_does_not_divide_the_batch_is_refused(
    make_config: MakeConfig,
) -> None:
    with pytest.raises(ConfigError, match=r"scale\.workers has 3, which does not divide the 32"):
        make_config(scale={"workers": [1, 3, 4], "per_worker_batch_size": 8})


def test_other_software_is_measured_once_and_all_else_in_every_repeat(
    make_config: MakeConfig,
) -> None:
    config = make_config(scale={"repeats": 3})
    setups = points_by_setup(plan_comparisons(config.scale, config.model, 8))
    found = {setup.name: repeats(setup, config) for setup in setups}
    assert found["2-workers-fast"] == found["1-worker-fast"] == 3
    assert found["1-worker-plain"] == found["1-worker-fast-without-onednn"] == 1
