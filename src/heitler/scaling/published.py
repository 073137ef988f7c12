"""Every published number about the scaling of 3DGAN, with where it stands and its rounding.

Sources:

- paper: the study that this project reproduces (3DGAN on Endeavour, TensorFlow 1.14, up to 256
  nodes); section and sentence are given with each number.
- [12] of the paper: Vallecorsa et al., "Distributed Training of Generative Adversarial Networks
  for Fast Detector Simulation", ISC High Performance 2018, doi:10.1007/978-3-030-02465-9_35.
- V100 series: `kubeflow/results/tfjobs_runs.csv` of https://github.com/recardoso/ISC_HPC_3DGAN
  (TensorFlow's own data parallelism, the 51x51x25 network, December 2020).
"""

from dataclasses import dataclass

HOUR_S = 3600.0


@dataclass(frozen=True)
class Rounded:
    """A printed number and what it may have been before rounding."""

    value: float
    low: float
    high: float
    where: str


ONE_NODE_S = Rounded(
    1.8 * HOUR_S,
    1.75 * HOUR_S,
    1.85 * HOUR_S,
    'paper, section 3: "down to about 1.8 hours/epoch" (Xeon 8260)',
)
ON_128_NODES_S = Rounded(
    53.0, 52.5, 53.5, 'paper, section 4: "less than 53 seconds/epoch using 128 nodes"'
)
ON_256_NODES_S = Rounded(
    29.0, 28.5, 29.5, 'paper, section 4: "on 256 nodes is reduced to 29 seconds/epoch"'
)
CLAIMED_EFFICIENCY = Rounded(
    0.98, 0.975, 0.985, 'paper, section 4: "scaling efficiency, up to 256 nodes, is around 98%"'
)
SOFTWARE_SPEED_UP = Rounded(
    2.8, 2.75, 2.85, 'paper, sections 3 and 4: "by a factor 2.8" (TensorFlow 1.9 to 1.14)'
)
RANKS_PER_NODE = 2
"""Paper, section 4: "2 MPI processes per node (1 per socket)"."""
EPOCHS = 30
"""Paper, section 4: "training 3DGAN for 30 epochs ... requires slightly more than two days"."""

EARLIER_ON_128_NODES_S = Rounded(
    149.0, 148.5, 149.5, 'paper, section 4: "compared to 149 seconds/epoch in [12]"'
)
EARLIER_ONE_NODE_S = Rounded(
    4.99 * HOUR_S,
    0.94 * 149.0 * 128,
    5.0 * HOUR_S,
    'paper, section 3: "slightly less than 5 hours per epoch" (Xeon 8160); at least 4.98 h '
    'because [12], abstract: "above 94% when going from 1 to 128" nodes',
)


@dataclass(frozen=True)
class PublishedSystem:
    """A curve of the paper's Fig. 1: seconds per epoch by number of nodes."""

    name: str
    epoch_s: dict[int, Rounded]


SYSTEMS = (
    PublishedSystem(
        "Stampede2, Xeon 8160, TF 1.9 (2018)", {1: EARLIER_ONE_NODE_S, 128: EARLIER_ON_128_NODES_S}
    ),
    PublishedSystem(
        "Endeavour, Xeon 8260, TF 1.14 (paper)",
        {1: ONE_NODE_S, 128: ON_128_NODES_S, 256: ON_256_NODES_S},
    ),
)


@dataclass(frozen=True)
class V100Point:
    """Five epochs of one job; rows with prefetching, 96 showers per GPU and cycle."""

    gpus: int
    cycles: int
    """Whole cycles in an epoch: entries of the row's `batch_times`, or its quotient."""
    epoch_s: float
    """`average_train_time`: of all epochs but the first, without the test set."""


V100_BATCH_PER_GPU = 96
V100_SHOWERS = 124_800
"""650 cycles of 2 x 96; all rows follow from it as floor(124800 / (96 GPUs))."""
V100_CYCLE_JITTER = 0.003
"""Standard deviation over mean of the cycle times on 2 GPUs (2.745 s +- 0.008 s)."""
V100_SERIES = (
    V100Point(2, 650, 1784.42),
    V100Point(4, 325, 900.49),
    V100Point(8, 162, 456.62),
    V100Point(16, 81, 229.66),
    V100Point(32, 40, 115.02),
    V100Point(64, 20, 59.35),
    V100Point(128, 10, 34.90),
)


def efficiency(one: Rounded, many: Rounded, nodes: int) -> Rounded:
    """Scaling efficiency T(1) / (N T(N)) of two printed times, with what their rounding allows."""
    return Rounded(
        one.value / (nodes * many.value),
        one.low / (nodes * many.high),
        one.high / (nodes * many.low),
        f"{one.where}; {many.where}",
    )
