"""A new line of the card is two files: what docs/new-metric.md says, done in a copy of the code."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from heitler.base.source import PACKAGE

PAGE = Path("docs/new-metric.md")
PROGRAM = """
import json
import numpy as np

from heitler.config import build_config, merged, read_params
from heitler.data.observables import measure_cells
from heitler.validation.card import score_card

random = np.random.default_rng(1)
energy = random.uniform(10, 100, 90).astype(np.float32)
cells = energy[:, None, None, None] * random.gamma(1, 1e-4, (90, 3, 3, 8)).astype(np.float32)
early = cells.copy()
early[:30, :, :, :5] *= 1.2
made = measure_cells(early[:30], energy[:30])
truth, reference = (measure_cells(cells[a : a + 30], energy[a : a + 30]) for a in (30, 60))
edges = np.array([10.0, 100.0])
quick = {"bootstrap_replicas": 2, "floor_splits": 2, "slow_floor_splits": 1}
for limits in ({}, {"early_part": [0.5, 0.6]}):
    validate = build_config(
        merged(read_params(), {"validate": {**quick, "pass_sigmas": 1.0, "limits": limits}})
    ).validate
    scores = {score.name: score for score in score_card(made, truth, reference, edges, validate)}
    score = scores["early_part"]
    print(json.dumps([score.value, score.threshold, score.verdict]))
"""


def test_a_new_line_is_measured_and_judged_by_its_limit_or_the_parameters(tmp_path: Path) -> None:
    copy = tmp_path / "src/heitler"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file, line = re.findall(r"^```(?:python|text)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (copy / "validation/early.py").write_text(file)
    table = (copy / "validation/metrics.py").read_text()
    imported = "from heitler.validation.early import early_deviation\n"
    start = table.index("from heitler.validation.lines")
    begun, head, rest = table[start:].partition("QUICK: tuple[tuple[Metric, Quick], ...] = (\n")
    (copy / "validation/metrics.py").write_text(
        table[:start] + imported + begun + head + line + rest
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (value, threshold, _), (same, other, verdict) = map(json.loads, done.stdout.splitlines()[-2:])
    assert value == same
    assert 0.02 < value < 0.2
    assert threshold >= 0.05
    assert (other, verdict) == (0.5, "pass")
