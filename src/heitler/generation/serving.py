"""The generator as an MLflow model: a table of energies in, showers out.

MLflow finds `_load_pyfunc` by name (`loader_module`), so nothing is pickled.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heitler.generation.sampler import Sampler, load_sampler
from heitler.tracking.registry import ServedModel

BATCH_SIZE = 32
REQUIREMENTS = ("tensorflow-cpu", "keras", "numpy", "pydantic", "pyyaml", "pandas")


def served_generator(image_shape: tuple[int, int, int]) -> ServedModel:
    """Table of primary energies (and angles) in, cells (N, X, Y, Z) in GeV out."""
    return ServedModel(
        loader=__name__,
        columns={"primary_energy_GeV": True, "theta_rad": False},
        output="cells_GeV",
        shape=image_shape,
        integers={"seed": 1},
        example={"primary_energy_GeV": [20.0, 50.0]},
        requirements=REQUIREMENTS,
    )


class ShowerModel:
    """Columns `primary_energy_GeV` and, optionally, `theta_rad` -> (N, X, Y, Z) GeV."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> NDArray[np.float32]:
        """Generate one shower per row; `params["seed"]` (default 1) makes it repeatable."""
        theta = model_input["theta_rad"].to_numpy() if "theta_rad" in model_input else None
        return self._sampler.sample(
            model_input["primary_energy_GeV"].to_numpy(),
            theta,
            seed=int((params or {}).get("seed", 1)),
            batch_size=BATCH_SIZE,
        )


def _load_pyfunc(path: str) -> ShowerModel:
    return ShowerModel(load_sampler(Path(path)))
