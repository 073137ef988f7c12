"""A measurement beside the project: own parameters, nothing of the project's touched.

The sweep is played by a script, because the real one takes a minute; tests of stage `scale` run it.
"""

from pathlib import Path

import pytest
import yaml

from heitler.config import PARAMS_FILE, ConfigError
from heitler.scaling.sweep import ShortSweepError, measure_now

SWEEP = """
import shutil, sys
from pathlib import Path
params = Path("params.yaml").read_text()
if "cycles: 0" in params:
    sys.exit("no cycles")
assert Path("data/prepared/train.h5").is_file()
folder = Path("reports/scale")
folder.mkdir(parents=True)
for name in ("points.csv", "cycles.csv"):
    (folder / name).write_text(params)
print("measured")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = PARAMS_FILE.read_text()
    monkeypatch.chdir(tmp_path)
    for path, content in {
        "params.yaml": text,
        "pipelines/scale.py": SWEEP,
        "data/prepared/train.h5": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


def test_only_the_asked_workers_are_measured_once_and_the_project_stays_as_it_is(project, capfd):
    before = (project / "params.yaml").read_text()
    measure_now(project / "plan", ranks_per_node=4, batch_per_worker=16)
    used = yaml.safe_load((project / "plan/points.csv").read_text())["scale"]
    assert used["workers"] == [4]
    assert used["per_worker_batch_size"] == 16
    assert (used["repeats"], used["independent"], used["software"]) == (1, False, False)
    assert (project / "params.yaml").read_text() == before
    assert sorted(path.name for path in project.iterdir()) == [
        "data",
        "params.yaml",
        "pipelines",
        "plan",
    ]
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "measured" in printed.err


def test_a_failing_measurement_leaves_no_tables(project):
    params = yaml.safe_load((project / "params.yaml").read_text())
    params["scale"]["cycles"] = 0
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.raises(ShortSweepError, match="leave --calibrate away"):
        measure_now(project / "plan", ranks_per_node=2, batch_per_worker=None)
    assert not (project / "plan").exists()


def test_without_showers_the_stage_that_makes_them_is_named(project):
    (project / "data/prepared/train.h5").unlink()
    with pytest.raises(ShortSweepError, match="dvc repro prepare"):
        measure_now(project / "plan", ranks_per_node=2, batch_per_worker=None)


def test_outside_of_a_project_nothing_starts(project, monkeypatch):
    monkeypatch.chdir(project / "data")
    with pytest.raises(ConfigError, match="project's top folder"):
        measure_now(project / "plan", ranks_per_node=2, batch_per_worker=None)
