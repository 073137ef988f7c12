"""Gradient noise scale: the batch size beyond which larger batches pay off less and less.

McCandlish et al. 2018, arXiv:1812.06162, appendix A.1. Of B events each, the expected squared norm
of the mean gradient is |G|^2 + tr(S) / B, with G the true gradient and S the covariance of one
event's. The groups of a cycle and the global batch give it at two sizes, for both unknowns. With
batch norm the gradient of an event depends on its group; S then is a group's covariance times its
size. Synchronised batch norm couples the groups, so there the scale is approximate.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from heitler.training.checkpoints import Metrics


def estimate(norms: NDArray[np.float64], large_batch: int) -> tuple[float, float]:
    """|G|^2 and tr(S), each without bias and possibly negative.

    Args:
        norms: (3,) mean over groups of |gradient|^2, |gradient|^2 of the global batch, mean over
            groups of 1 / events.
        large_batch: events of the global batch.
    """
    small, large, inverse_small_batch = norms
    trace = (small - large) / (inverse_small_batch - 1 / large_batch)
    return float(large - trace / large_batch), float(trace)


class GradientNoise:
    """|G|^2 and tr(S) of each network, averaged over its updates before their ratio is taken."""

    def __init__(self, estimates: Mapping[str, Sequence[Sequence[float]]] | None = None) -> None:
        found = (estimates or {}).items()
        self.estimates = {network: [(g, s) for g, s in pairs] for network, pairs in found}
        """By network: |G|^2 and tr(S) of every update; given where an epoch is continued."""

    def add(self, network: str, norms: NDArray[np.float64], large_batch: int) -> None:
        """Take in one update; arguments as in `estimate`. One single group tells nothing."""
        if norms[2] * large_batch > 1.5:  # n groups give n
            self.estimates.setdefault(network, []).append(estimate(norms, large_batch))

    def metrics(self) -> Metrics:
        """`<network>_gradient_noise_scale` = tr(S) / |G|^2 in events, where both are positive."""
        means = {network: np.mean(found, axis=0) for network, found in self.estimates.items()}
        return {
            f"{network}_gradient_noise_scale": float(trace / signal)
            for network, (signal, trace) in means.items()
            if signal > 0 and trace > 0
        }
