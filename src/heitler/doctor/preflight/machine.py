"""What this machine has: room on disk, memory, the right to write, ports.

Memory and disk that the long stages take, from what was measured.
"""

import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from heitler.config import DetectorConfig, SimulateConfig, TrainConfig
from heitler.detector import image_shape

MIB = 2**20
CONTROL_GROUP = Path("/sys/fs/cgroup")
"""Where a container finds its limits (version 2)."""
CHECKPOINT_B = 40 * MIB
"""Twice that of the largest networks here, with optimisers and averaged weights."""
RECORD_B = 100 * MIB
"""MLflow's run and the exported generator."""
WORKER_B = 1500 * MIB
"""A worker with TensorFlow, MLflow, the networks and a batch of two; 1,511 MiB at its peak in a
training of the networks of 25 x 25 x 25 cells."""
SHOWER_B = 20 * MIB
"""More for each further shower of a worker's batch, at 15,625 cells; 2,087 MiB with 32 showers."""
CELLS = 25 * 25 * 25
STORED_B_PER_CELL = 0.8
"""Compressed; 0.5 measured for electrons of 10-100 GeV in 25 x 25 x 25 cells."""


def free_disk_B(folder: Path) -> float:
    """On the file system of a folder that may be yet to be made."""
    return shutil.disk_usage(existing(folder)).free


def available_memory_B(group: Path = CONTROL_GROUP) -> float:
    """Free or to be freed, on this machine and within what its container may use."""
    machine = float(psutil.virtual_memory().available)
    limit = group / "memory.max"
    if not limit.is_file() or limit.read_text().strip() == "max":
        return machine
    statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    used = int((group / "memory.current").read_text()) - int(statistics["inactive_file"])
    return min(machine, int(limit.read_text()) - used)


def no_room(folder: Path, needed_B: float, what: str) -> Iterator[str]:
    """Whether the file system of `folder` lacks room."""
    free_B = free_disk_B(folder)
    if free_B < needed_B:
        yield (
            f"{folder}: {what} need about {needed_B / MIB:.0f} MiB, but {free_B / MIB:.0f} MiB are "
            "free. Make room, or put the project on a larger disk."
        )


def no_memory(needed_B: float, what: str, remedy: str) -> Iterator[str]:
    """Whether this machine lacks memory that is free or can be freed."""
    available_B = available_memory_B()
    if available_B < needed_B:
        yield (
            f"Memory: {what} need about {needed_B / MIB:.0f} MiB, but {available_B / MIB:.0f} MiB "
            f"are available. {remedy}"
        )


def not_writable(folders: Iterable[Path]) -> Iterator[str]:
    """Folders, existing or yet to be made, in which nothing can be written."""
    for folder in folders:
        there = existing(folder)
        if not there.is_dir():
            yield f"{folder}: {there} is a file, not a folder. Move it away."
        elif not os.access(there, os.W_OK | os.X_OK):
            yield f"{folder}: cannot be written by this user. Correct the rights of {there}."


def no_ports() -> Iterator[str]:
    """Whether workers of this machine can find each other: its own name, and a free port."""
    name = socket.gethostname()
    try:
        socket.gethostbyname(name)
    except OSError as error:
        yield (
            f"This machine's own name, {name}, has no address ({error.strerror}), which workers "
            "need. Add it to /etc/hosts."
        )
    try:
        with socket.create_server(("127.0.0.1", 0)):
            pass
    except OSError as error:
        yield (
            f"No port can be opened on 127.0.0.1 ({error.strerror}), over which workers find each "
            "other. See `ulimit -n` and this container's network rights."
        )


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    path = path.resolve()
    return next(there for there in (path, *path.parents) if there.exists())


def showers_at_once(train: TrainConfig) -> int:
    """Showers that a worker has in memory at once; it takes its groups one after another."""
    return train.global_batch_size // train.batch_norm_groups


def training_memory_B(train: TrainConfig, cells: int) -> float:
    """All workers' memory, for showers of so many cells."""
    return train.workers * (WORKER_B + showers_at_once(train) * SHOWER_B * cells / CELLS)


def training_disk_B(train: TrainConfig) -> float:
    """Checkpoints and the record of the run."""
    return (train.keep_checkpoints + 3) * CHECKPOINT_B + RECORD_B


def showers_disk_B(detector: DetectorConfig, simulate: SimulateConfig) -> float:
    """The showers in their files."""
    x, y, z = image_shape(detector)
    return STORED_B_PER_CELL * x * y * z * simulate.showers
