"""Memory and disk that the long stages take, from what was measured."""

from heitler.config import DetectorConfig, SimulateConfig, TrainConfig
from heitler.detector import image_shape
from heitler.doctor.preflight.machine import MIB

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
