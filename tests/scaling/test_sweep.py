"""A sweep of real Horovod workers on tiny networks: measured once, kept, and compared."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from heitler.config import Config, load_config
from heitler.data.hdf5 import Showers, write_showers
from heitler.kept.folder import Kept
from heitler.kept.origin import Origin
from heitler.scaling.efficiency import compare_points, cycle_rows, flat_metrics, sentences
from heitler.scaling.points import PARTS, Comparison, Point, Record, plan_comparisons
from heitler.scaling.sweep import SweepError, run_sweep

PROGRAM = str(Path(__file__).with_name("sweep_program.py"))
SHOWERS = 19
CYCLES = 2
Sweep = tuple[Config, list[Comparison], Path, dict[Point, list[Record]]]


FIRST = Kept(Origin({}, "first", {}), "scale")
PRINT = FIRST.origin.fingerprint


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """1 and 2 workers, and 2 independent processes, each started once."""
    folder = tmp_path_factory.mktemp("sweep")
    write_data(folder)
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["model"]["kernels"] = "plain"  # traced sooner
    params["scale"] |= {"per_worker_batch_size": 4, "repeats": 1, "warmup_cycles": 1}
    params["scale"] |= {"cycles": CYCLES, "software": False}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    config = load_config(folder / "params.yaml")
    comparisons = plan_comparisons(config.scale, config.model, local_cores=2)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("DATA", folder), ("OUT", folder / "records"), ("PRINT", PRINT)):
            patch.setenv(f"SWEEP_{name}", str(value))
        records = run_sweep(config, comparisons, folder / "records", FIRST, PROGRAM)
    return config, comparisons, folder / "records", records


def write_data(folder: Path) -> None:
    random = np.random.default_rng(7)
    energy = random.uniform(10, 100, SHOWERS).astype(np.float32)
    cells = random.gamma(0.5, 1e-3, (SHOWERS, 9, 9, 9)).astype(np.float32)
    ones = np.ones(SHOWERS, np.float32)
    showers = Showers(cells, energy, ones * np.pi / 2, np.arange(SHOWERS), ones)
    write_showers(folder / "train.h5", showers, {})
    summary = {
        "image_shape": [9, 9, 9],
        "showers": {"train": SHOWERS},
        "energy_min_GeV": 10.0,
        "energy_max_GeV": 100.0,
        "sampling_fraction_fit": [0.02],
        "digest": "test",
    }
    (folder / "summary.json").write_text(json.dumps(summary))


def test_every_point_has_all_its_workers_cycles(sweep: Sweep) -> None:
    records = sweep[3]
    assert {point.name for point in records} == {
        "1-worker-plain-batch-4",
        "1-worker-plain-batch-8",
        "2-workers-plain-batch-8",
        "2-independent-plain-batch-8",
    }
    for point, [record] in records.items():
        assert record.seconds["wall_s"].shape == (point.workers, CYCLES)
        assert record.threads == 1


def test_the_parts_of_a_cycle_add_up_to_it(sweep: Sweep) -> None:
    for [record] in sweep[3].values():
        parts = [record.seconds[part] for part in PARTS]
        np.testing.assert_allclose(np.sum(parts, axis=0), record.seconds["wall_s"], rtol=1e-9)
        assert all((part >= 0).all() for part in parts)
        assert (record.seconds["compute_s"] > 0).all()


def test_workers_that_belong_together_spend_their_cycles_together(sweep: Sweep) -> None:
    [record] = next(found for point, found in sweep[3].items() if "2-workers" in point.name)
    first, second = record.seconds["wall_s"].sum(axis=1)
    assert first == pytest.approx(second, rel=0.2)


def test_the_table_compares_with_one_worker_and_with_independent_processes(sweep: Sweep) -> None:
    rows = {row["name"]: row for row in compare_points(sweep[1], sweep[3], SHOWERS)}
    assert rows["weak-1-worker"]["efficiency"] == 1
    two = rows["weak-2-workers"]
    beside = rows["independent-2-workers"]
    ratio = two["showers_per_second"] / beside["showers_per_second"]
    assert two["efficiency_against_independent"] == pytest.approx(ratio)
    assert two["epoch_time_s"] == pytest.approx(SHOWERS / two["showers_per_second"])
    metrics = flat_metrics(list(rows.values()))
    assert metrics["weak_2_workers_efficiency"] == two["efficiency"]
    assert any("independent processes" in line for line in sentences(list(rows.values())))
    assert len(cycle_rows(sweep[3])) == CYCLES * (1 + 1 + 2 + 2)


def test_what_is_measured_is_not_measured_again(sweep: Sweep) -> None:
    config, comparisons, folder, before = sweep
    again = run_sweep(config, comparisons, folder, FIRST, "no such script")
    assert again.keys() == before.keys()


def test_only_what_is_missing_is_started(sweep: Sweep, capfd: pytest.CaptureFixture[str]) -> None:
    config, comparisons, folder, _ = sweep
    lost = folder / "2-independent-plain-batch-8.0.1.json"
    content = lost.read_text()
    lost.unlink()
    with pytest.raises(SweepError, match="2-independent-plain, repeat 1: a worker failed"):
        run_sweep(config, comparisons, folder, FIRST, "no such script")
    lost.write_text(content)


def test_independent_processes_that_mpirun_starts_are_worlds_of_their_own(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, comparisons, folder, _ = sweep
    shutil.copytree(folder, tmp_path / "records")
    for path in (tmp_path / "records").glob("2-independent*"):
        path.unlink()
    for name, value in (("DATA", folder.parent), ("OUT", tmp_path / "records"), ("PRINT", PRINT)):
        monkeypatch.setenv(f"SWEEP_{name}", str(value))
    mpi = dataclasses.replace(config, cluster=dataclasses.replace(config.cluster, launcher="mpi"))
    records = run_sweep(mpi, comparisons, tmp_path / "records", FIRST, PROGRAM)
    [record] = next(found for point, found in records.items() if point.setup.independent)
    assert record.seconds["wall_s"].shape == (2, CYCLES)
    assert not record.seconds["straggler_wait_s"].any()


def test_measurements_of_other_parameters_or_code_are_made_again(
    sweep: Sweep, capfd: pytest.CaptureFixture[str]
) -> None:
    config, comparisons, folder, _ = sweep
    with pytest.raises(SweepError, match="1-worker-plain, repeat 1"):
        run_sweep(
            config, comparisons, folder, Kept(Origin({}, "another", {}), "scale"), "no such script"
        )
