import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from heitler.data.hdf5 import read_showers
from heitler.simulation import shards
from heitler.simulation.environment import SimulationError
from heitler.simulation.shards import plan_shards, simulate_shards
from heitler.simulation.tables import load_origin
from tests.conftest import SAMPLE

STAGE = Path("pipelines/simulate.py").resolve()
SECONDS_TO_START, SECONDS_TO_DIE = 900.0, 120.0  # a busy machine


@pytest.fixture
def folder(shower_folder, tmp_path):
    """A copy of the finished shards."""
    return Path(shutil.copytree(shower_folder, tmp_path / "showers"))


@pytest.fixture
def plan(tables, make_config):
    """Plan shards in a folder with changed parameters."""

    def make(folder, **changes):
        config = make_config(simulate=SAMPLE | changes)
        return plan_shards(folder, config.detector, config.simulate, load_origin(tables))

    return make


def modified(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.h5")}


def run(folder, tables, make_config, **changes):
    config = make_config(simulate=SAMPLE | changes)
    done = simulate_shards(folder, tables, config.detector, config.simulate)
    return [shard.index for shard in done]


def test_a_finished_simulation_does_nothing(folder, tables, make_config):
    before = modified(folder)
    assert run(folder, tables, make_config) == []
    assert modified(folder) == before


def test_raising_the_count_only_adds(folder, tables, make_config):
    before = modified(folder)
    assert run(folder, tables, make_config, showers=63) == [2]
    after = modified(folder)
    assert after.items() >= before.items()
    assert list(read_showers(folder / "shard-00002.h5").event_id) == [60, 61, 62]


def test_a_smaller_last_shard_holds_the_same_showers(folder, tables, make_config):
    before = read_showers(folder / "shard-00001.h5")
    assert run(folder, tables, make_config, showers=33) == [1]
    after = read_showers(folder / "shard-00001.h5")
    np.testing.assert_array_equal(after.event_id, before.event_id[:3])
    np.testing.assert_array_equal(after.cells_GeV, before.cells_GeV[:3])


def test_surplus_shards_are_moved_aside(folder, tables, make_config, capfd):
    surplus = (folder / "shard-00001.h5").read_bytes()
    assert run(folder, tables, make_config, showers=30) == []
    assert [path.name for path in folder.glob("*")] == ["shard-00000.h5"]
    [moved] = folder.parent.glob("set-aside/simulate-*/shard-00001.h5")
    assert moved.read_bytes() == surplus
    assert f"now in {moved.parent}" in capfd.readouterr().out


def test_every_parameter_that_matters_outdates_the_shards(folder, plan):
    assert all(shard.is_finished() for shard in plan(folder, processes=3))
    for change in (
        {"seed": 2},
        {"cut_mm": 0.1},
        {"particle": "gamma"},
        {"energy_max_GeV": 11.0},
        {"theta_min_deg": 80.0},
    ):
        assert not any(shard.is_finished() for shard in plan(folder, **change)), change


def test_other_tables_outdate_the_shards(folder, tables, make_config):
    config = make_config(simulate=SAMPLE)
    origin = replace(load_origin(tables), digest="0" * 64)
    outdated = plan_shards(folder, config.detector, config.simulate, origin)
    assert not any(shard.is_finished() for shard in outdated)


def test_a_truncated_shard_is_named_and_simulated_again(folder, tables, make_config, capfd):
    damaged = folder / "shard-00001.h5"
    os.truncate(damaged, 10_000)
    assert run(folder, tables, make_config) == [1]
    assert f"{damaged} was cut off or changed since it was written" in capfd.readouterr().out


def test_a_file_of_someone_else_is_refused(folder, tables, make_config):
    (folder / "mine.h5").write_bytes(b"mine")
    with pytest.raises(SimulationError, match=r"mine\.h5: not written by this stage.*import_from"):
        run(folder, tables, make_config)
    assert (folder / "mine.h5").exists()


def test_a_geant4_process_that_dies_is_reported_with_its_last_lines(
    tmp_path, tables, make_config, monkeypatch
):
    empty = tmp_path / "no-tables"
    empty.mkdir()
    monkeypatch.setattr(shards, "load_origin", lambda folder: load_origin(tables))
    with pytest.raises(SimulationError) as caught:
        run(tmp_path / "showers", empty, make_config)
    message = str(caught.value)
    assert "The Geant4 process for shard-0000" in message
    assert "signal" in message or "exit code" in message
    assert "G4Exception" in message or "pe-" in message
    assert not psutil.Process().children()


@pytest.fixture
def start_stage(tmp_path, tables):
    """Start the real stage in a project folder of its own, with many small shards."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["simulate"] |= {
        "showers": 24,
        "showers_per_shard": 6,
        "energy_min_GeV": 10.0,
        "energy_max_GeV": 20.0,
    }
    (tmp_path / "data").mkdir()
    (tmp_path / "data/tables").symlink_to(tables)

    def start(processes=0):
        params["simulate"]["processes"] = processes
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
        return subprocess.Popen([sys.executable, STAGE], cwd=tmp_path, stdout=subprocess.PIPE)

    return start


def geant4_processes(stage):
    """Those of the stage's child processes that have become Geant4 (others are short-lived)."""
    found = []
    for process in psutil.Process(stage.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "heitler.simulation.geant4" in process.cmdline():
                found.append(process)
    return found


def wait_for_processes(stage, number):
    """Wait until the stage has started so many Geant4 processes; return those that run."""
    started = set()
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and stage.poll() is None:
        running = geant4_processes(stage)
        started |= {process.pid for process in running}
        if len(started) >= number:
            return running
        time.sleep(0.01)
    raise AssertionError("the stage ended, or did not start its processes")


def test_a_killed_simulation_leaves_no_orphans_and_resumes(tmp_path, start_stage):
    """Also where DVC has meanwhile put its output back, as `dvc exp run` does."""
    folder, unfinished = tmp_path / "data/showers", tmp_path / "data/unfinished/showers"
    stage = start_stage(processes=1)
    orphans = wait_for_processes(stage, 3)  # two shards are finished, the third has begun
    stage.kill()
    stage.wait()
    _, alive = psutil.wait_procs(orphans, SECONDS_TO_DIE)
    assert not alive
    before = modified(unfinished)
    assert sorted(before) == ["shard-00000.h5", "shard-00001.h5"]
    shutil.rmtree(folder)
    resumed = start_stage()
    output, _ = resumed.communicate()
    assert resumed.returncode == 0
    assert b"24 showers" in output
    assert modified(folder).items() >= before.items()
    assert sorted(path.name for path in folder.glob("*.h5")) == [
        f"shard-{index:05d}.h5" for index in range(4)
    ]
    assert not list(unfinished.iterdir())
    assert (tmp_path / "reports/simulate/metrics.json").exists()


def test_sigterm_ends_the_stage_and_its_processes(start_stage):
    stage = start_stage(processes=2)
    children = wait_for_processes(stage, 2)
    stage.terminate()
    assert stage.wait(SECONDS_TO_DIE) == 128 + signal.SIGTERM
    _, left = psutil.wait_procs(children, timeout=SECONDS_TO_DIE)
    assert not left
