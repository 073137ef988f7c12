"""The model against published times that it was not fitted to.

Every row says what was fitted to what. Beside the row that counts (`headline`) stand the
alternatives that one could as well have tried, so that nobody has to trust the choice.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.scaling import published
from heitler.scaling.interconnects import PRESETS
from heitler.scaling.projection import Costs, Job, cycle_s, interval
from heitler.scaling.published import Rounded

Float = NDArray[np.float64]
Terms = tuple[float, float, float]
"""Terms of an epoch: factors of compute time and of fixed cost, and seconds that need no fit."""
PAPER_TARGET = 0.05
V100_TARGET = 0.12
PAPER_HEADLINE = "1 node; fixed cost of the 2018 system, sped up like its computing"
V100_FITTED_UP_TO = 16
V100_HEADLINE = "2-16 GPUs; whole cycles, slowest of N, fixed cost"
V100_GRADIENTS_B = (349_608, 349_608, 5_460_188, 5_460_188)
"""Four all-reduces of a cycle: the 51x51x25 networks' 87,402 and 1,365,047 parameters."""
V100_LINK = "ethernet-25"
"""Network of rented machines in 2020; not stated. It makes less than 1% of a cycle of 2.7 s."""


@dataclass(frozen=True)
class Residual:
    """A predicted time per epoch beside the published (or measured) one."""

    check: str
    """Which series."""
    fitted_to: str
    """What the prediction rests on."""
    nodes: int
    """Nodes or, for the V100 series, GPUs."""
    predicted_s: float
    low_s: float
    high_s: float
    observed_s: float
    target: float
    """Largest deviation that passes."""
    headline: bool

    @property
    def deviation(self) -> float:
        """Predicted over observed less 1."""
        return self.predicted_s / self.observed_s - 1

    @property
    def passes(self) -> bool:
        """Whether the deviation is within the target."""
        return abs(self.deviation) <= self.target

    def row(self) -> dict[str, Any]:
        """For a table."""
        return asdict(self) | {"deviation": self.deviation, "passes": self.passes}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Residual":
        """From such a row, read as numbers."""
        own = {field.name: row[field.name] for field in fields(cls)}
        return cls(**own | {"nodes": int(own["nodes"])})


def paper_residuals(size: int, seed: int, level: float) -> list[Residual]:
    """The paper's 128 and 256 nodes, from T(N) = (T(1) - c)/N + c and its one-node time.

    The fixed cost c cannot be seen on one node. The headline takes it from the earlier system
    (T(1) and T(128) of 2018), divided by the factor by which the paper's nodes and software are
    faster: the fixed part of an epoch is taken to be computing (evaluation, start and end of the
    epoch) like the rest. Intervals: what the rounding of the printed numbers allows.
    """
    generator = np.random.default_rng(seed)

    def draws(number: Rounded) -> Float:
        return np.append(number.value, generator.uniform(number.low, number.high, size))

    one, on_128, on_256 = map(
        draws, (published.ONE_NODE_S, published.ON_128_NODES_S, published.ON_256_NODES_S)
    )
    earlier = _fixed_s(
        draws(published.EARLIER_ONE_NODE_S), draws(published.EARLIER_ON_128_NODES_S), 128
    )
    sources = {
        PAPER_HEADLINE: (
            earlier / draws(published.SOFTWARE_SPEED_UP),
            (128, 256),
        ),
        "1 node; fixed cost of the 2018 system as it was": (earlier, (128, 256)),
        "1 node alone, no fixed cost": (np.zeros(size + 1), (128, 256)),
        "1 and 128 nodes": (_fixed_s(one, on_128, 128), (256,)),
        "1 and 256 nodes": (_fixed_s(one, on_256, 256), (128,)),
    }
    observed = {128: published.ON_128_NODES_S.value, 256: published.ON_256_NODES_S.value}
    return [
        _residual("paper", source, n, (one - fixed) / n + fixed, observed[n], PAPER_TARGET, level)
        for source, (fixed, predicted) in sources.items()
        for n in predicted
    ]


def v100_residuals(size: int, seed: int, level: float) -> list[Residual]:
    """The V100 series above 16 GPUs, from its points up to 16.

    Fitted: the compute time of a cycle and the fixed cost of an epoch, by least squares of the
    relative deviations. Not fitted: whole cycles, the slowest of N by the cycles' jitter on 2
    GPUs, all-reduces on an assumed link. Intervals: the fit's covariance.
    """
    fitted = [p for p in published.V100_SERIES if p.gpus <= V100_FITTED_UP_TO]
    forms: dict[str, Callable[[int], Terms]] = {
        V100_HEADLINE: _v100_terms,
        "2-16 GPUs; A/N + c": lambda gpus: (1.0 / gpus, 1.0, 0.0),
        "2-16 GPUs; A/N": lambda gpus: (1.0 / gpus, 0.0, 0.0),
    }
    generator = np.random.default_rng(seed)
    rows = []
    for source, terms in forms.items():
        best, covariance = _fit([terms(p.gpus) for p in fitted], [p.epoch_s for p in fitted])
        drawn = np.vstack([best, generator.multivariate_normal(best, covariance, size)])
        rows += [
            _residual(
                *("V100", source, point.gpus),
                drawn @ np.array(terms(point.gpus)[:2]) + terms(point.gpus)[2],
                *(point.epoch_s, V100_TARGET, level),
            )
            for point in published.V100_SERIES
            if point.gpus > V100_FITTED_UP_TO
        ]
    return rows


def _fixed_s(one: Float, many: Float, nodes: int) -> Float:
    """c of T(N) = (T(1) - c)/N + c."""
    return (many - one / nodes) / (1 - 1 / nodes)


def _v100_terms(gpus: int) -> Terms:
    job = Job(
        showers=published.V100_SHOWERS,
        batch_per_worker=published.V100_BATCH_PER_GPU,
        ranks_per_node=1,
        messages_B=V100_GRADIENTS_B,
        algorithm="ring",
        spreads_remainder=False,
    )
    link = PRESETS[V100_LINK]

    def cycle(compute_s: float) -> float:
        jitter = published.V100_CYCLE_JITTER
        return float(cycle_s(Costs(compute_s, jitter, 1.0, 0.0, 0.0, 0.0, 0.0, link), job, gpus))

    cycles, communication = job.cycles(gpus), cycle(0.0)
    return cycles * (cycle(1.0) - communication), 1.0, cycles * communication


def _fit(terms: list[Terms], epoch_s: list[float]) -> tuple[Float, Float]:
    """Least squares of relative deviations: the two coefficients (2,), covariance (2, 2)."""
    weights = 1 / np.array(epoch_s)
    table = np.array(terms) * weights[:, None]
    factors, goal = table[:, :2], 1 - table[:, 2]
    best, *_ = np.linalg.lstsq(factors, goal, rcond=None)
    free = len(goal) - np.linalg.matrix_rank(factors)
    scatter = ((goal - factors @ best) ** 2).sum() / free
    return best.astype(np.float64), scatter * np.linalg.pinv(factors.T @ factors)


def _residual(
    check: str, source: str, nodes: int, draws: Float, observed: float, target: float, level: float
) -> Residual:
    """The first draw is the best value, the others give the interval."""
    low, high = interval(draws[1:], level)
    headline = source in (PAPER_HEADLINE, V100_HEADLINE)
    best = float(draws[0])
    return Residual(check, source, nodes, best, low, high, observed, target, headline)
