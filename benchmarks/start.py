"""What a worker does before its first cycle: importing TensorFlow and tracing the training cycle.

    scripts/python benchmarks/start.py [--rounds 5]

Each in two forms, in turns, every time in a process of its own: Keras imported with all that it
would use and as `heitler.base.lean_keras` does; the cycle traced with AutoGraph, which translates
Python's source, and without. CPU seconds, so other programs disturb little. Writes
benchmarks/results/start.json and start.md.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from heitler.base.files import write_json, write_text
from heitler.base.progress import progress_bar

RESULTS = Path(__file__).parent / "results"
IMPORT = """
import time
{lean}
import horovod.tensorflow
print(time.process_time())
"""
TRACE = """
import time
import horovod.tensorflow as hvd
import tensorflow as tf
from heitler.config import load_config
from heitler.model.gan import build_gan
from heitler.training import cycle
from heitler.training.batch import batch_signature
hvd.init()
compile = tf.function
tf.function = lambda *a, **k: compile(*a, **(k | {{"autograph": {autograph}}}))
config = load_config()
train = config.train.with_workers(1)
gan = build_gan(config.model.design, train, (25, 25, 25))
traced = tf.function(cycle._Cycle(gan, train).run, input_signature=[batch_signature(gan, train)])
begun = time.process_time()
traced.get_concrete_function()
print(time.process_time() - begun)
"""
VARIANTS = {
    "import: Keras with all that is there": IMPORT.format(lean=""),
    "import: Keras alone": IMPORT.format(lean="import heitler.base.lean_keras"),
    "trace: with AutoGraph": TRACE.format(autograph=True),
    "trace: without": TRACE.format(autograph=False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="processes of each variant")
    rounds = parser.parse_args().rounds
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with progress_bar("processes", rounds * len(VARIANTS)) as advance:
        for _ in range(rounds):
            for name, code in VARIANTS.items():
                found[name].append(cpu_s(code))
                advance(note=name)
    write_json(RESULTS / "start.json", found)
    write_text(RESULTS / "start.md", table(found))
    print(table(found))


def cpu_s(code: str) -> float:
    """What the process prints last."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout.split()[-1])


def table(found: dict[str, list[float]]) -> str:
    lines = ["| | CPU time, median | smallest to largest |", "|---|---|---|"]
    for name, times in found.items():
        lines.append(
            f"| {name} | {np.median(times):.1f} s | {min(times):.1f} to {max(times):.1f} |"
        )
    runs = len(next(iter(found.values())))
    about = f"{runs} processes of each, in turns; published networks, 25 x 25 x 25."
    return "\n".join([*lines, "", about, ""])


if __name__ == "__main__":
    main()
