"""A new strategy is one file: what docs/new-strategy.md says, done in a copy of the code."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from heitler.base.source import PACKAGE

PAGE = Path("docs/new-strategy.md")
PROGRAM = """
import numpy as np

from heitler.config import build_config, merged, read_params
from heitler.evolution.network import NetworkShape
from heitler.evolution.strategy import build_strategy

changes = {"evolve": {"strategies": ["one-plus-lambda", "cooling"]}}
config = build_config(merged(read_params(), changes)).evolve
shape = NetworkShape((9, 9), filters=3, kernel=3, stride=2, slope=0.3)
strategy = build_strategy("cooling", shape, config, seed=1)
for _ in range(3):
    strategy.tell(np.abs(strategy.ask(range(strategy.size))).mean(axis=1))
print(strategy.settings["mutation_power"] / config.mutation_power)
"""


def test_a_new_strategy_is_a_file_that_the_parameters_may_name(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "src/heitler"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    [file] = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (copy / "evolution/strategies/cooling.py").write_text(file)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert abs(float(done.stdout) - 0.99**2) < 1e-6  # the first generation has no parent
