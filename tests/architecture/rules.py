"""The rules of the code's structure. Each function returns the violations found, as messages."""

from pathlib import Path
from typing import Any

import yaml

from tests.architecture.source import (
    PACKAGE,
    files_used,
    imported_names,
    is_only_docstring,
    module_files,
)

ORDER = (
    {"errors"},
    {"config"},
    {"detector"},
    {"showers"},
    {"files", "seal", "progress", "stage", "onednn", "lean_keras"},
    {"cluster"},
    {"tracking"},
    {"simulation"},
    {"data"},
    {"preflight"},
    {"model"},
    {"training"},
    {"scaling"},
    {"generation"},
    {"validation"},
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
MEANINGLESS = ("utils", "util", "helpers", "misc", "common")


def wrong_direction(root: Path) -> list[str]:
    """Imports against ORDER, and parts of the package that have no place in it."""
    wrong = []
    for module, path in module_files(root).items():
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
    for module, path in module_files(root).items():
        if _part(module) not in WITHOUT_TENSORFLOW:
            continue
        for used in {path, *files_used(root, path)}:
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
    """Stages of dvc.yaml whose deps are not exactly their script and the code that it uses."""
    stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    return [message for name, stage in stages.items() for message in _wrong_code(root, name, stage)]


def _wrong_code(root: Path, name: str, stage: dict[str, Any]) -> list[str]:
    script = root / "pipelines" / f"{name}.py"
    if not script.is_file():
        return [f"dvc.yaml: stage {name} has no pipelines/{name}.py"]
    needed = {script, *files_used(root, script)}
    named = [root / dep for dep in stage["deps"] if dep.startswith(("src/", "pipelines/"))]
    covered = {path: _code_in(path) for path in named}
    missing = needed - set().union(*covered.values())
    return [
        *(f"dvc.yaml: {name}.deps lack {p.relative_to(root)}" for p in sorted(missing)),
        *(
            f"dvc.yaml: {name}.deps name {dep.relative_to(root)}, but the stage does not use "
            f"{', '.join(str(p.relative_to(root)) for p in sorted(content - needed)) or 'it'}"
            for dep, content in covered.items()
            if not content or content - needed
        ),
    ]


def _code_in(path: Path) -> set[Path]:
    """The file, or all files below the folder but those that DVC ignores or that hold no code."""
    files = path.rglob("*") if path.is_dir() else [path] if path.is_file() else []
    return {
        file
        for file in files
        if file.is_file()
        and "__pycache__" not in file.parts
        and not (file.suffix == ".py" and is_only_docstring(file))
    }


def _sources(root: Path) -> list[Path]:
    return sorted([*(root / "src").rglob("*.py"), *(root / "pipelines").glob("*.py")])


def _libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_names(path)}


def _imports_within(path: Path, root: Path) -> set[str]:
    return {name for name in imported_names(path) if name in module_files(root)}


def _part(module: str) -> str:
    """The folder or file directly below the package: "heitler.data.hdf5" -> "data"."""
    return module.partition(".")[2].partition(".")[0]


def _rank(part: str) -> int:
    for rank, parts in enumerate(ORDER):
        if part in parts:
            return rank
    raise ValueError(f"{PACKAGE}.{part} has no place in the order of imports. Give it one: ORDER.")
