"""One measurement of the input: `input_worker.py wait|memory FILE BATCH CYCLES` prints JSON."""

import dataclasses
import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from heitler.cluster.world import join_world
from heitler.config import load_config
from heitler.data.batches import CycleEvents, TrainingFile, plan_epoch, worker_share
from heitler.data.summary import load_summary
from heitler.model.gan import build_gan
from heitler.training.batch import BatchAssembler
from heitler.training.cycle import compile_cycle

SUMMARY = Path("data/prepared/summary.json")


def main() -> None:
    what, path, batch, cycles = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    config, summary = load_config(), load_summary(SUMMARY)
    join_world(1)
    train = dataclasses.replace(
        config.train, workers=1, virtual_workers=None, global_batch_size=batch
    )
    file = TrainingFile(path)
    assemble = BatchAssembler(config.model.design, train, summary)
    plan = plan_epoch(len(file), batch, 1, seed=1, epoch=0)
    shares = worker_share(plan, epoch=0, rank=0, workers=1)
    if what == "wait":
        cycle = compile_cycle(build_gan(config.model.design, train, summary.image_shape), train)
        found = measure_wait(file, assemble, shares[:cycles], cycle)
    else:
        found = measure_memory(file, assemble, shares)
    print(json.dumps({"batch": batch, "showers": len(file), **found}))


def measure_wait(file: TrainingFile, assemble: BatchAssembler, shares: list[CycleEvents], cycle):
    """Medians, without the first cycle, which compiles and whose batch nobody read ahead."""
    waits, times = [], []
    ready = time.perf_counter()
    for _, batch in file.read_ahead(shares, assemble):
        begun = time.perf_counter()
        float(cycle(batch).empty_fraction)
        waits.append(begun - ready)
        ready = time.perf_counter()
        times.append(ready - begun)
    alone = []
    for share in shares[1:]:
        begun = time.perf_counter()
        assemble(share, file.read(share.rows))
        alone.append(time.perf_counter() - begun)
    return {
        "cycles": len(shares) - 1,
        "cycle_ms": 1e3 * float(np.median(times[1:])),
        "wait_ms": 1e3 * float(np.median(waits[1:])),
        "longest_wait_ms": 1e3 * max(waits[1:]),
        "prepare_ms": 1e3 * float(np.median(alone)),
    }


def measure_memory(file: TrainingFile, assemble: BatchAssembler, shares: list[CycleEvents]):
    """Highest memory of an epoch beyond what the program has before its first batch, in bytes."""
    assemble(shares[0], file.read(shares[0].rows[:1]))  # starts TensorFlow
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest memory starts again from here
    for _, batch in file.read_ahead(shares, assemble):
        one = sum(map(_bytes, tf.nest.flatten(batch)))
    cell_bytes = np.prod(batch.events.cells.shape[1:]) * 4
    return {
        "file": int(cell_bytes * len(file)),
        "one_batch": one,
        "peak": _memory("VmHWM") - before,
    }


def _flat(nested) -> list:
    return [
        leaf for part in nested for leaf in (_flat(part) if isinstance(part, tuple) else [part])
    ]


def _bytes(tensor) -> int:
    return int(np.prod(tensor.shape)) * tensor.dtype.size


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(rf"{name}:\s+(\d+)", status)[1])


if __name__ == "__main__":
    main()
