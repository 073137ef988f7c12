"""How much of the primary energy the sensors see on average, as a polynomial.

The published code scales its expected deposit with np.polyval([.0018, -.023, .11, -.28, 2.21],
Ep / 100 GeV), fitted to CERN's showers. Here the polynomial is fitted to the training showers, and
its degree is the one that they support.
"""

import numpy as np
from numpy.typing import NDArray

from heitler.data.summary import FIT_UNIT_GEV

Float = NDArray[np.float64]

MAX_DEGREE = 4
"""That of the published fit."""


def fit_sampling_fraction(primary_energy_GeV: Float, sampling_fraction: Float) -> list[float]:
    """Coefficients in Ep / (100 GeV), highest power first: (N,) GeV, (N,) -> up to 5.

    Of the degrees 0 to 4 the one with the least Bayesian information criterion
    n ln(RSS / n) + k ln(n) [Schwarz 1978] is taken. All showers weigh the same: with layers of two
    thicknesses the relative spread hardly depends on Ep (7% at 10 GeV, 6% at 100 GeV).
    """
    x = primary_energy_GeV / FIT_UNIT_GEV
    # A degree needs more distinct energies than coefficients, or it is not determined.
    degrees = range(min(MAX_DEGREE, max(len(np.unique(x)) - 2, 0)) + 1)
    fits = [np.polyfit(x, sampling_fraction, degree) for degree in degrees]
    n = len(x)
    criteria = [
        n * np.log(max(np.mean((sampling_fraction - np.polyval(fit, x)) ** 2), 1e-300))
        + len(fit) * np.log(n)
        for fit in fits
    ]
    return [float(c) for c in fits[int(np.argmin(criteria))]]
