"""The code of a program: what it reaches, and whether that still says the same."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from heitler.base.source import PACKAGE, code_of, files_used

Plant = Callable[..., Path]
SMALL = {
    "pipelines/train.py": '"""Stage."""\nfrom heitler.training.loop import train\ntrain()\n',
    "src/heitler/__init__.py": '"""Package."""',
    "src/heitler/data/batches.py": "import numpy as np",
    "src/heitler/data/hdf5.py": "import h5py",
    "src/heitler/training/__init__.py": "",
    "src/heitler/training/loop.py": "import heitler.data.batches\n\ndef train():\n    return 1\n",
}
LOOP = "src/heitler/training/loop.py"
CHANGED_WORDS = '''"""What trains, in other words."""
import heitler.data.batches  # the batches


def train():
    """One step.

    Returns one.
    """
    return (1)
'''


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write a small project with some files changed; return its folder."""

    def write(changes: dict[str, str] | None = None) -> Path:
        for name, content in (SMALL | (changes or {})).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return tmp_path

    return write


def code(root: Path) -> dict[str, str]:
    return code_of(root / "pipelines/train.py", root / "src/heitler")


def test_the_code_is_the_script_and_the_modules_that_it_reaches(plant: Plant) -> None:
    assert set(code(plant())) == {
        "train.py",
        "heitler/training/loop.py",
        "heitler/data/batches.py",
    }


@pytest.mark.parametrize(
    ("loop", "more"),
    [
        ("def read():\n    from heitler.data.hdf5 import read_showers", "heitler/data/hdf5.py"),
        ("import heitler.data.hdf5 as files", "heitler/data/hdf5.py"),
        ("COMMAND = ['python', '-m', 'heitler.data.hdf5']", "heitler/data/hdf5.py"),
        ("name = __import__('heitler.data.' + 'hdf5')", "heitler/data/hdf5.py"),
        ("PAGE = 'page.html'", "heitler/training/page.html"),
    ],
)
def test_a_file_is_reached_by_an_import_a_modules_name_or_its_own_name(
    loop: str, more: str, plant: Plant
) -> None:
    page = {"src/heitler/training/page.html": "<p>"}
    assert more in code(plant(page | {LOOP: loop}))


def test_style_sheet_of_a_template_that_a_module_names_is_reached(plant: Plant) -> None:
    page, style = "src/heitler/training/page.html", "src/heitler/training/page.css"
    files = {LOOP: "PAGE = 'page.html'", page: "{% include 'page.css' %}", style: "p {}"}
    assert "heitler/training/page.css" in code(plant(files))


def test_package_with_code_of_its_own_is_reached_by_its_modules(plant: Plant) -> None:
    assert "heitler/__init__.py" in code(plant({"src/heitler/__init__.py": "import os"}))


@pytest.mark.parametrize(
    "changes",
    [
        {LOOP: CHANGED_WORDS},
        {"src/heitler/data/hdf5.py": "import h5py, os"},
        {"src/heitler/data/new.py": "x = 1"},
    ],
    ids=["comments, docstrings and layout", "file that is not used", "new file"],
)
def test_what_changes_nothing_leaves_the_code_as_it_was(
    changes: dict[str, str], plant: Plant
) -> None:
    before = code(plant())
    assert code(plant(changes)) == before


@pytest.mark.parametrize(
    ("loop", "other"),
    [
        ("def train():\n    return 1", "def train():\n    return 2"),
        ("def train():\n    return 1", "def train():\n    return 1.0"),
        ("x = None", "x = ..."),
        ("print('a')", "print('b')"),
        ("f(*a)", "f(**a)"),
        ("{None: 1}", "{**None, 1: 1}"),
    ],
)
def test_what_does_something_else_is_other_code(loop: str, other: str, plant: Plant) -> None:
    before = code(plant({LOOP: loop}))
    after = code(plant({LOOP: other}))
    assert [name for name in after if after[name] != before[name]] == ["heitler/training/loop.py"]


def test_the_code_is_known_by_the_same_digest_on_all_versions_of_python(plant: Plant) -> None:
    """Newer versions have more fields in a syntax tree: a checkpoint goes on on another one."""
    found = code(plant({LOOP: "def f(a: int, *b, c=None) -> str:\n    return f'{a!r} {c:.2f}'"}))
    assert found["heitler/training/loop.py"] == KNOWN


KNOWN = "ed518447d261bb1d5300829eb0478ed6e1176cbf250fb95ca3bb29c189fa51e4"
"""Of Python 3.11, 3.12 and 3.13."""


def test_words_added_to_every_file_change_the_code_of_no_stage(tmp_path: Path) -> None:
    """Nor of any training: neither runs again, and no checkpoint is of other code."""
    package = tmp_path / "heitler"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    programs = [*Path("pipelines").glob("*.py"), package / "training/loop.py"]
    before = [code_of(program, package) for program in programs]
    for path in package.rglob("*.py"):
        path.write_text(f'# A comment.\n{path.read_text()}\n"""More words."""\n')
    assert [code_of(program, package) for program in programs] == before
    (package / "model/gan.py").write_text((package / "model/gan.py").read_text() + "x = 1\n")
    assert code_of(programs[-1], package) != before[-1]


def test_no_stage_reads_docstrings_which_do_not_count() -> None:
    for script in Path("pipelines").glob("*.py"):
        for path in files_used(script.resolve()):
            reads = [
                word for word in ("__doc__", "getdoc", "getsource") if word in path.read_text()
            ]
            assert not reads or path == PACKAGE / "source.py", f"{path} reads docstrings"
