"""The project keeps its rules, and each rule finds a violation planted in a small project."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import rules

PROJECT = Path(__file__).parents[2]
RULES = (
    rules.wrong_direction,
    rules.libraries_outside_their_part,
    rules.tensorflow_in_physics,
    rules.long_or_meaningless_files,
    rules.wrong_stage_code,
)
SOUND = {
    "dvc.yaml": """
        stages:
          train:
            cmd: exec scripts/python pipelines/train.py
            deps: [data/x, data/inputs/code/train.json]
    """,
    "pipelines/train.py": "def main():\n    from heitler.training.loop import train\n",
    "src/heitler/__init__.py": '"""Package."""',
    "src/heitler/config.py": "",
    "src/heitler/data/__init__.py": "",
    "src/heitler/data/batches.py": "import numpy as np",
    "src/heitler/data/hdf5.py": "import h5py",
    "src/heitler/training/__init__.py": "",
    "src/heitler/training/loop.py": "import tensorflow\nfrom heitler.data import batches",
}


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., Path]:
    """Write a small sound project with some files changed; return its folder."""

    def write(changes: dict[str, str] | None = None) -> Path:
        for name, content in (SOUND | (changes or {})).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return tmp_path

    return write


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_project_keeps_the_rule(rule):
    assert not rule(PROJECT), "\n".join(["", *rule(PROJECT)])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_sound_project_violates_nothing(rule, plant):
    assert rule(plant()) == []


@pytest.mark.parametrize(
    ("rule", "file", "content", "message"),
    [
        (
            rules.wrong_direction,
            "src/heitler/data/hdf5.py",
            "def read():\n    import heitler.training.loop",
            "imports heitler.training.loop, but data comes before training",
        ),
        (
            rules.wrong_direction,
            "src/heitler/data/hdf5.py",
            "COMMAND = ['python', '-m', 'heitler.training.loop']",
            "imports heitler.training.loop, but data comes before training",
        ),
        (
            rules.libraries_outside_their_part,
            "src/heitler/training/loop.py",
            "import horovod.tensorflow as hvd",
            "which only heitler.cluster may",
        ),
        (
            rules.libraries_outside_their_part,
            "pipelines/train.py",
            "from mlflow import log_metric",
            "which only heitler.tracking may",
        ),
        (
            rules.tensorflow_in_physics,
            "src/heitler/data/batches.py",
            "from heitler.training import loop",
            "physics, but needs TensorFlow through",
        ),
        (
            rules.long_or_meaningless_files,
            "src/heitler/data/batches.py",
            "x = 1\n" * 351,
            "351 lines, more than 350",
        ),
        (rules.long_or_meaningless_files, "src/heitler/utils.py", "", "name the concept"),
    ],
)
def test_planted_violation_is_found(rule, file, content, message, plant):
    found = rule(plant({file: content}))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (
            "{cmd: pipelines/train.py, deps: [data/x]}",
            "train.deps lack data/inputs/code/train.json",
        ),
        ("{cmd: pipelines/train.py}", "train.deps lack data/inputs/code/train.json"),
        (
            "{cmd: pipelines/train.py, deps: [data/inputs/code/scale.json]}",
            "train.deps name data/inputs/code/scale.json, not its code",
        ),
        (
            "{cmd: pipelines/train.py, deps: [src/heitler/data]}",
            "train.deps name src/heitler/data, not its code",
        ),
        ("{cmd: pipelines/gone.py}", "train.cmd runs no script of pipelines/"),
    ],
)
def test_wrong_deps_of_a_stage_are_found(pipeline, message, plant):
    planted = plant({"dvc.yaml": f"stages: {{train: {pipeline}}}"})
    assert any(message in found for found in rules.wrong_stage_code(planted))


def test_part_of_the_package_without_a_place_is_refused(plant):
    project = plant({"src/heitler/plotting.py": "from heitler.data import hdf5"})
    with pytest.raises(ValueError, match=r"heitler\.plotting has no place"):
        rules.wrong_direction(project)
