"""Does a long training grow? Memory, files, threads and log over 10,000 cycles; with a plot.

    scripts/python benchmarks/endurance.py [--cycles 10000]

One worker trains tiny networks on tiny showers through the real loop, with validation, checkpoints
and MLflow after every epoch of 100 cycles. It is looked at every second; of each epoch the largest
numbers count. Writes benchmarks/results/endurance.{json,svg} if the training comes to its end.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib
import numpy as np
import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.faults.training_folder import TrainingFolder, make_folder, workers_of  # noqa: E402

from heitler.base.progress import progress_bar  # noqa: E402

matplotlib.use("svg")
from matplotlib import pyplot as plt  # noqa: E402

RESULTS = Path(__file__).parent / "results"
CYCLES_PER_EPOCH = 100
SETTLED = 0.5
"""The slope is fitted after this share: the memory allocators first fill their pools."""
LOOK_S = 1.0
Point = dict[str, float]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cycles", type=int, default=10_000)
    epochs = arguments.parse_args().cycles // CYCLES_PER_EPOCH
    points: dict[int, Point] = {}
    with tempfile.TemporaryDirectory() as top:
        folder = make_folder(
            Path(top) / "long",
            showers=2 * CYCLES_PER_EPOCH,
            workers=1,
            global_batch_size=2,
            epochs=epochs,
            checkpoint_every_min=0.5,
        )
        begun = time.monotonic()
        with folder.running() as training, progress_bar("epochs", epochs) as advance:
            done = 0
            while training.poll() is None:
                epoch = epochs_done(folder)
                if epoch > done:
                    advance(epoch - done)
                    done = epoch
                if epoch < epochs:  # what follows the last one is the export
                    keep_largest(points.setdefault(epoch, {}), measure(training, folder))
                time.sleep(LOOK_S)
        if training.returncode:
            raise SystemExit(folder.output)
        write(points, time.monotonic() - begun)


def epochs_done(folder: TrainingFolder) -> int:
    """Whole epochs of which there is a checkpoint."""
    return int(folder.checkpoints[-1].split("-")[1]) if folder.checkpoints else 0


def measure(training: "subprocess.Popen[str]", folder: TrainingFolder) -> Point:
    """What the worker holds now; nothing before its first epoch ends and once it is gone."""
    with contextlib.suppress(psutil.Error, KeyError):
        process = psutil.Process(workers_of(training)[0])
        return {
            "memory_MiB": process.memory_info().rss / 2**20,
            "files": process.num_fds(),
            "threads": process.num_threads(),
            "log_KiB": len(folder.output) / 2**10,
        }
    return {}


def keep_largest(largest: Point, now: Point) -> None:
    largest |= {name: round(max(value, largest.get(name, 0)), 2) for name, value in now.items()}


def write(found: dict[int, Point], took_s: float) -> None:
    """Table and slopes first, then the plot."""
    points = {epoch * CYCLES_PER_EPOCH: point for epoch, point in found.items() if epoch and point}
    last = max(points)
    settled = [cycles for cycles in points if cycles >= SETTLED * last]
    names = list(points[last])
    slopes = {
        name: 1000 * float(np.polyfit(settled, [points[x][name] for x in settled], 1)[0])
        for name in names
    }
    result = {
        "cycles": last + CYCLES_PER_EPOCH,
        "took_s": round(took_s),
        "per_1000_cycles_in_the_second_half": {k: round(v, 3) for k, v in slopes.items()},
        "points": [{"cycles": cycles} | point for cycles, point in points.items()],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "endurance.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({k: v for k, v in result.items() if k != "points"}, indent=1))
    figure, axes = plt.subplots(len(slopes), sharex=True, figsize=(7, 8))
    for axis, (name, slope) in zip(axes, slopes.items(), strict=True):
        axis.plot(list(points), [point[name] for point in points.values()])
        axis.set_ylabel(name.replace("_", " in "))
        axis.set_title(f"{slope + 0.0:+.2f} per 1,000 cycles", loc="right", fontsize=9)
        axis.set_ylim(0, 1.15 * max(point[name] for point in points.values()))
    axes[-1].set_xlabel("training cycles")
    figure.tight_layout()
    figure.savefig(RESULTS / "endurance.svg")


if __name__ == "__main__":
    main()
