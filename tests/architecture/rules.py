"""The rules of the code's structure. Each function returns the violations found, as messages."""

import re
from pathlib import Path
from typing import Any

import yaml

from heitler.base.source import files_used, imported_names, module_files, named_modules

PACKAGE = "heitler"

ORDER = (
    {"base"},
    {"design"},
    {"config"},
    {"detector"},
    {"showers"},
    {"kept"},
    {"cluster"},
    {"tracking"},
    {"simulation"},
    {"data"},
    {"model"},
    {"training"},
    {"scaling"},
    {"generation"},
    {"validation"},
    {"judge"},
    {"evolution"},
    {"degradation"},
    {"report"},
    {"doctor", "sweep"},
    {"cli"},
    {"documentation"},
)
"""A part of the package imports only from those above it."""
EXCEPTIONS = {("simulation", "heitler.data.hdf5")}
"""Simulated showers are written in the format of all shower files."""
ONLY_IN = {"horovod": "cluster", "mlflow": "tracking"}
WITHOUT_TENSORFLOW = ("detector", "showers", "simulation", "data", "validation")
TENSORFLOW = {"tensorflow", "keras"}
LONGEST_FILE = 350
CODE = "data/inputs/code/"
PARAMETERS = ".yaml"
"""Ends the names of files with parameters, which are no code."""
MEANINGLESS = ("utils", "util", "helpers", "misc", "common")


def wrong_direction(root: Path) -> list[str]:
    """Imports against ORDER, also by a module's name in a string, and parts without a place."""
    wrong = []
    for module, path in _modules(root).items():
        for name in _imports_within(path, root):
            importer, imported = _part(module), _part(name)
            if (importer, name) in EXCEPTIONS or not importer or not imported:
                continue
            if importer != imported and _rank(importer) <= _rank(imported):
                wrong.append(f"{path}: imports {name}, but {importer} comes before {imported}")
    return wrong


def libraries_outside_their_part(root: Path) -> list[str]:
    """Imports of Horovod and MLflow outside the one part of the package that may."""
    return [
        f"{path}: imports {library}, which only {PACKAGE}.{part} may"
        for library, part in ONLY_IN.items()
        for path in _sources(root)
        if path.parent != root / "src" / PACKAGE / part and library in _libraries(path)
    ]


def tensorflow_in_physics(root: Path) -> list[str]:
    """Physics code that needs TensorFlow, by its own import or by one of another module."""
    wrong = []
    for module, path in _modules(root).items():
        if _part(module) not in WITHOUT_TENSORFLOW:
            continue
        for used in {path, *files_used(path, root / "src" / PACKAGE)}:
            if used.suffix == ".py" and _libraries(used) & TENSORFLOW:
                wrong.append(f"{path}: physics, but needs TensorFlow through {used}")
    return wrong


def long_or_meaningless_files(root: Path) -> list[str]:
    """Files of too many lines, or named after nothing."""
    counts = {path: len(path.read_text().splitlines()) for path in _sources(root)}
    long = [f"{p}: {n} lines, more than {LONGEST_FILE}" for p, n in counts.items()]
    return [
        *(message for message, n in zip(long, counts.values(), strict=True) if n > LONGEST_FILE),
        *(f"{path}: name the concept" for path in counts if path.stem in MEANINGLESS),
    ]


def wrong_stage_code(root: Path) -> list[str]:
    """Stages of dvc.yaml that do not depend on the code that they run, or on other code.

    Their code is a file of the stage `inputs`, which finds what a script reaches.
    """
    stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    return [message for name, stage in stages.items() for message in _wrong_code(root, name, stage)]


def _wrong_code(root: Path, name: str, stage: dict[str, Any]) -> list[str]:
    script = re.search(r"pipelines/(\w+)\.py", stage["cmd"])
    if not script or not (root / script[0]).is_file():
        return [f"dvc.yaml: {name}.cmd runs no script of pipelines/"]
    needed = set() if script[1] == "inputs" else {f"{CODE}{script[1]}.json"}
    named = {
        dep
        for dep in stage.get("deps", ())
        if dep.startswith((CODE, "src/", "pipelines/")) and not dep.endswith(PARAMETERS)
    }
    return [
        *(f"dvc.yaml: {name}.deps lack {dep}" for dep in sorted(needed - named)),
        *(f"dvc.yaml: {name}.deps name {dep}, not its code" for dep in sorted(named - needed)),
    ]


def _sources(root: Path) -> list[Path]:
    return sorted([*(root / "src").rglob("*.py"), *(root / "pipelines").glob("*.py")])


def _libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_names(path)}


def _modules(root: Path) -> dict[str, Path]:
    return module_files(root / "src" / PACKAGE)


def _imports_within(path: Path, root: Path) -> set[str]:
    imported = _modules(root).keys() & set(imported_names(path))
    return imported | named_modules(path, _modules(root))


def _part(module: str) -> str:
    """The folder or file directly below the package: "heitler.data.hdf5" -> "data"."""
    return module.partition(".")[2].partition(".")[0]


def _rank(part: str) -> int:
    for rank, parts in enumerate(ORDER):
        if part in parts:
            return rank
    raise ValueError(f"{PACKAGE}.{part} has no place in the order of imports. Give it one: ORDER.")
