"""Does a long training grow? Memory, files, threads and log over 10,000 cycles; with a plot.

    scripts/python benchmarks/endurance.py [--cycles 10000]

One worker trains tiny networks on tiny showers through the real loop, with validation, checkpoints
and MLflow after every epoch of 100 cycles. Writes benchmarks/results/endurance.{json,svg}.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
RESULTS = Path(__file__).parent / "results"
CYCLES_PER_EPOCH = 100
SETTLED = 0.2
"""The slope is fitted after this share: TensorFlow's allocator first fills its pools."""


def main() -> None:
    from tests.faults.training_folder import TrainingFolder, make_folder, workers_of

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cycles", type=int, default=10_000)
    cycles = arguments.parse_args().cycles
    with tempfile.TemporaryDirectory() as top:
        folder: TrainingFolder = make_folder(
            Path(top) / "long",
            showers=2 * CYCLES_PER_EPOCH,
            workers=1,
            global_batch_size=2,
            epochs=cycles // CYCLES_PER_EPOCH,
            checkpoint_every_min=0.5,
        )
        training = folder.start()
        points: list[dict[str, Any]] = []
        while training.poll() is None:
            worker = workers_of(training).get(0)
            if worker and folder.checkpoints:
                points += measure(worker, folder)
            time.sleep(1)
        if training.returncode:
            raise SystemExit(folder.output)
    write(points)


def measure(worker: int, folder: Any) -> list[dict[str, Any]]:
    """What the worker holds after so many cycles; nothing once it is gone."""
    import psutil

    try:
        process = psutil.Process(worker)
        epochs = int(folder.checkpoints[-1].split("-")[1])
        return [
            {
                "cycles": epochs * CYCLES_PER_EPOCH,
                "memory_MiB": process.memory_info().rss / 2**20,
                "files": process.num_fds(),
                "threads": process.num_threads(),
                "log_KiB": (folder.path / "output.txt").stat().st_size / 2**10,
            }
        ]
    except (psutil.Error, OSError):
        return []


def write(points: list[dict[str, Any]]) -> None:
    """The slope, the table and the plot."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    last = points[-1]["cycles"]
    settled = [point for point in points if point["cycles"] >= SETTLED * last]
    x = np.array([point["cycles"] for point in settled])
    slopes = {
        name: float(np.polyfit(x, [point[name] for point in settled], 1)[0] * 1000)
        for name in ("memory_MiB", "files", "threads", "log_KiB")
    }
    result = {"cycles": last, "per_1000_cycles_after_settling": slopes, "points": points}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "endurance.json").write_text(json.dumps(result, indent=1) + "\n")
    figure, axes = plt.subplots(len(slopes), sharex=True, figsize=(7, 8))
    for axis, (name, slope) in zip(axes, slopes.items(), strict=True):
        axis.plot([p["cycles"] for p in points], [p[name] for p in points])
        axis.set_ylabel(name.replace("_", " in "))
        axis.set_title(f"{slope:+.3g} per 1,000 cycles", loc="right", fontsize=9)
        axis.set_ylim(bottom=0)
    axes[-1].set_xlabel("training cycles")
    figure.tight_layout()
    figure.savefig(RESULTS / "endurance.svg")
    print(json.dumps(slopes, indent=1))


if __name__ == "__main__":
    main()
