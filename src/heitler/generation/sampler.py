"""Showers from a trained generator kept in a folder.

The folder holds `generator.keras` (the network, no pickled code) and `generator.json` (units,
image shape, what it was trained on).
"""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from heitler.config import ModelConfig, as_dict
from heitler.errors import HeitlerError
from heitler.files import atomic_path, write_json
from heitler.model.gan import Gan, sample_cells_GeV
from heitler.model.networks import noise_dim

Array = NDArray[np.float32]
PERPENDICULAR_RAD = np.float32(np.pi / 2)


class GenerationError(HeitlerError):
    """The generator's folder is incomplete, or it was asked for something impossible."""


@dataclass(frozen=True)
class Sampler:
    """A trained generator."""

    generator: keras.Model
    model: ModelConfig
    image_shape: tuple[int, int, int]
    energy_range_GeV: tuple[float, float]
    """Primary energies that it was trained on."""

    def sample(
        self,
        primary_energy_GeV: NDArray[np.floating],
        theta_rad: NDArray[np.floating] | None = None,
        *,
        seed: int,
        batch_size: int,
    ) -> Array:
        """Showers at given energies (N,) and angles (N,): -> (N, X, Y, Z) GeV.

        The same seed and energies give the same showers, whatever the batch size.
        """
        batches = self.sample_batches(
            primary_energy_GeV, theta_rad, seed=seed, batch_size=batch_size
        )
        return np.concatenate(list(batches))

    def sample_batches(
        self,
        primary_energy_GeV: NDArray[np.floating],
        theta_rad: NDArray[np.floating] | None = None,
        *,
        seed: int,
        batch_size: int,
    ) -> Iterator[Array]:
        """As `sample`, one batch after another: each (n, X, Y, Z) GeV."""
        energy = np.asarray(primary_energy_GeV, np.float32)
        wrong = np.flatnonzero(~(np.isfinite(energy) & (energy > 0)))
        if wrong.size:
            raise GenerationError(
                f"primary_energy_GeV[{wrong[0]}] is {energy[wrong[0]]}. Give energies above 0 GeV."
            )
        theta = np.full_like(energy, PERPENDICULAR_RAD) if theta_rad is None else theta_rad
        theta = np.asarray(theta, np.float32)
        stream = np.random.Generator(np.random.Philox(key=[seed, 2]))
        for start in range(0, len(energy), batch_size):
            rows = slice(start, start + batch_size)
            size = (len(energy[rows]), noise_dim(self.model))
            noise = stream.standard_normal(size, dtype=np.float32)
            yield sample_cells_GeV(self.generator, self.model, noise, energy[rows], theta[rows])


def write_generator(folder: Path, gan: Gan, about: dict[str, Any]) -> None:
    """Write the trained generator; `about` needs energy_min_GeV and energy_max_GeV."""
    with atomic_path(folder / "generator.keras") as temporary:
        staged = temporary.with_suffix(".keras")
        gan.generator.save(staged)
        staged.replace(temporary)
    description = {"model": as_dict(gan.model), "image_shape": gan.image_shape, **about}
    write_json(folder / "generator.json", description)


def load_sampler(folder: Path) -> Sampler:
    """Load what `write_generator` wrote.

    Raises:
        GenerationError: if the folder lacks a file.
    """
    for name in ("generator.keras", "generator.json"):
        if not (folder / name).is_file():
            raise GenerationError(f"{folder / name}: not found. Run `dvc repro train` first.")
    about = json.loads((folder / "generator.json").read_text())
    x, y, z = about["image_shape"]
    known = {field.name for field in dataclasses.fields(ModelConfig)}
    return Sampler(
        generator=keras.saving.load_model(
            folder / "generator.keras", compile=False, safe_mode=True
        ),
        model=ModelConfig(**{key: about["model"][key] for key in known}),
        image_shape=(x, y, z),
        energy_range_GeV=(about["energy_min_GeV"], about["energy_max_GeV"]),
    )
