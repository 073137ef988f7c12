"""Where the energy lies along each axis, how far it spreads, how lopsided and heavy-tailed it is.

Per shower and axis, with s_i the energy in slice i and E their sum [the 3DGAN papers' definition]:

    M1 = sum_i i s_i / E,    Mk = sum_i (i - M1)^k s_i / E,    unit cell^k,    i = 0, 1, ...
"""

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables

Float = NDArray[np.float64]

ORDERS = 4
AXES = ("transverse_x", "transverse_y", "longitudinal")


def profile_moments(profiles: Float) -> Float:
    """The first four moments of every profile: (N, K), any unit -> (N, 4) cell^k.

    NaN for showers without energy.
    """
    place = np.arange(profiles.shape[1], dtype=np.float64)
    total = profiles.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = profiles / total[:, None]
    first = weights @ place
    distance = place - first[:, None]  # (N, K)
    higher = [(weights * distance**order).sum(axis=1) for order in range(2, ORDERS + 1)]
    return np.stack([first, *higher], axis=1)


def shower_moments(sample: Observables) -> Float:
    """Moments along x, y and z: (N, 3, 4) cell^k."""
    return np.stack([profile_moments(getattr(sample, axis)) for axis in AXES], axis=1)


def mean_moments(sample: Observables) -> Float:
    """Means over the showers that have energy: (3, 4) cell^k; NaN if none has."""
    moments = shower_moments(sample)
    lit = moments[np.isfinite(moments[:, :, 0]).all(axis=1)]
    return lit.mean(axis=0) if len(lit) else np.full(moments.shape[1:], np.nan)


def moment_deviation(generated: Observables, truth: Observables, order: int) -> float:
    """How far the mean moment is off, the worst of the three axes, no unit.

    Orders 1 and 2: |M_generated / M_Geant4 - 1|. Orders 3 and 4, which may be 0 (a symmetric
    shower has no third moment): |M_generated - M_Geant4| / M2_Geant4^(k/2), the difference of
    skewness and kurtosis in units of Geant4's width. An axis on which Geant4's moment and the
    difference are 0, such as the depth of a single layer, is left out; NaN if none is left.
    """
    made, mc = mean_moments(generated), mean_moments(truth)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = mc[:, order - 1] if order <= 2 else mc[:, 1] ** (order / 2)
        difference = made[:, order - 1] - mc[:, order - 1]
        there = (scale > 0) | (difference != 0)
        return float(np.abs(difference / scale)[there].max()) if there.any() else float("nan")
