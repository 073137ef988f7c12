"""Whether two checkouts give the same numbers: the whole pipeline at preset smoke, times aside.

    python benchmarks/same_numbers.py BEFORE AFTER [--folder FOLDER]

Copies both checkouts (what git follows) and runs in each, one after another: simulate, prepare,
train (2 workers) and judge the published recipe, scale, project, evolve, the sketch of degradation,
and `heitler claims`. Then compares every number of their results by file and name; numbers that are
or follow from times or machines are left out, and how many were compared is said. Ends with 1 if
any differs. Some minutes for each checkout; both need their environment.
"""

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from heitler.config import merged

STAGES = (
    ("inputs",),
    ("tables",),
    ("simulate",),
    ("prepare",),
    ("train", "paper"),
    ("generate", "paper"),
    ("validate", "paper"),
    ("scale",),
    ("project",),
    ("evolve",),
    ("degradation",),
)
COPIES = ("before", "after")
RESULTS = ("reports/*/*.json", "reports/*/*.csv", "reports/*/paper/*.json", "reports/*/paper/*.csv")
TIMES = re.compile(
    r"_s(_|$)|_ms$|_cpu|cpu_|second|time|speed|efficiency|fraction$|percent|energy_J|geant4_over"
    r"|projected_|emulated|minutes|hours|deviation_of_time|updates_per|targets_met|mlflow_run"
)
"""Names of what a clock has made, or the store for every run anew."""
OF_TIMES = ("reports/project/", "reports/cluster/")
CLAIMS = {"generate@paper", "scale", "project"}
"""Stages whose claims are of times."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs=2, type=Path, metavar="CHECKOUT")
    parser.add_argument("--folder", type=Path, help="for the copies; else a temporary one")
    options = parser.parse_args()
    for checkout in options.checkouts:
        if reason := _unfit(checkout.resolve(), options.folder):
            parser.error(f"{checkout}: {reason}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        before, after = (
            run(checkout.resolve(), folder / name)
            for checkout, name in zip(options.checkouts, COPIES, strict=True)
        )
    names = sorted(before.keys() | after.keys())
    different = [name for name in names if before.get(name) != after.get(name)]
    for name in different:
        print(f"{name}: {before.get(name, 'not there')} -> {after.get(name, 'not there')}")
    print(f"{len(names) - len(different)} of {len(names)} numbers are equal")
    sys.exit(bool(different))


def _unfit(checkout: Path, folder: Path | None) -> str:
    """Why a checkout cannot be run, before anything is; empty if it can."""
    if not (checkout / ".git").exists() or not (checkout / "presets/smoke.yaml").is_file():
        return "is no checkout of this project"
    if not (checkout / ".venv/bin/python").is_file():
        return "has no environment. Make it there: make env"
    if folder and checkout in {(folder / name).resolve() for name in COPIES}:
        return "is where its copy would be, whose params.yaml is changed. Give another --folder"
    return ""


def run(checkout: Path, copy: Path) -> dict[str, Any]:
    """The numbers of a checkout, by file, row and name; what was run before in `copy` stays."""
    copy.mkdir(parents=True, exist_ok=True)
    listed = ["git", "ls-files", "-z", "--", ".", ":!tests", ":!reports", ":!dvc.lock"]
    names = subprocess.run(listed, cwd=checkout, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (checkout / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, copy / name)
    (copy / ".venv").unlink(missing_ok=True)
    (copy / ".venv").symlink_to(checkout / ".venv")
    smoke = yaml.safe_load((checkout / "presets/smoke.yaml").read_text())
    params = yaml.safe_load((copy / "params.yaml").read_text())
    (copy / "params.yaml").write_text(yaml.safe_dump(merged(params, smoke)))
    for stage, *recipe in STAGES:
        print(f"{checkout}: {stage} {' '.join(recipe)}", flush=True)
        command = ["scripts/python", f"pipelines/{stage}.py", *recipe]
        subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
    claims = ["scripts/python", "-c", "from heitler.cli.main import app; app(['claims', '--json'])"]
    said = subprocess.run(claims, cwd=copy, check=True, capture_output=True, text=True).stdout
    found = [c for c in json.loads(said) if c["stage"] not in CLAIMS]
    return dict(_results(copy)) | dict(_flat("claims", {c["key"]: c for c in found}))


def _results(copy: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted({path for pattern in RESULTS for path in copy.glob(pattern)}):
        name = str(path.relative_to(copy))
        if path.suffix == ".json":
            content = json.loads(path.read_text())
        else:
            with path.open(newline="") as file:
                content = list(csv.DictReader(file))
        if not name.startswith(OF_TIMES):
            yield from _flat(name, content)


def _flat(name: str, content: Any) -> Iterator[tuple[str, Any]]:
    """Every entry with its place, but those that a clock has made and sentences."""
    if isinstance(content, dict | list):
        entries = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in entries:
            if not TIMES.search(str(key)) and key not in ("reason", "cpu"):
                yield from _flat(f"{name} {key}", value)
    else:
        yield name, content


if __name__ == "__main__":
    main()
