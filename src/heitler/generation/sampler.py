"""Showers from a trained generator kept in a folder.

The folder holds `generator.keras` (the network, no pickled code), `generator.onnx` (the same
function for any ONNX runtime) and `generator.json` (units, image shape, what it was trained on, a
last correction of the energy scale).
"""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.files import write_json
from heitler.config import ModelConfig, checked
from heitler.design import Design
from heitler.generation.backends import (
    FORM_FILE,
    ONNX_FILE,
    GenerateCells,
    load_backend,
    require_file,
    write_backend_files,
)
from heitler.generation.errors import GenerationError
from heitler.generation.inference_form import InferenceForm, write_form
from heitler.generation.onnx_backend import write_onnx
from heitler.model.gan import Gan, latent_vector

Float = NDArray[np.floating]


@dataclass(frozen=True)
class EnergyScale:
    """Factors at primary energies, linear in between and constant outside."""

    energy_GeV: tuple[float, ...] = (1.0,)
    factor: tuple[float, ...] = (1.0,)

    def __call__(self, primary_energy_GeV: Float) -> NDArray[np.float32]:
        """What to multiply the cells of showers by: (N,) GeV -> (N,)."""
        scale = np.interp(primary_energy_GeV, self.energy_GeV, self.factor)
        return np.asarray(scale, np.float32)


def fit_energy_scale(
    primary_energy_GeV: Float, ecal_sum: Float, wanted_ecal_sum: Float, bins: int
) -> EnergyScale:
    """The scale that gives pairs of showers the wanted mean sampling fraction: (N,) each.

    One factor per bin of primary energy, at its mean; bins are equally filled. A bin in which
    either generator deposits nothing is left as it is.
    """
    order = np.argsort(primary_energy_GeV)
    energies, factors = [], []
    for rows in np.array_split(order, min(bins, len(order))):
        energy = primary_energy_GeV[rows]
        made, wanted = ((s[rows] / energy).mean() for s in (ecal_sum, wanted_ecal_sum))
        energies.append(float(energy.mean()))
        factors.append(float(wanted / made) if made > 0 and wanted > 0 else 1.0)
    return EnergyScale(tuple(energies), tuple(factors))


Array = NDArray[np.float32]
PERPENDICULAR_RAD = np.float32(np.pi / 2)
ABOUT_FILE = "generator.json"


@dataclass(frozen=True)
class Sampler:
    """A trained generator."""

    generate_cells: GenerateCells
    """Latent vectors (N, L) -> cells (N, X, Y, Z) in units of `model.cell_unit_GeV`."""
    design: Design
    image_shape: tuple[int, int, int]
    energy_range_GeV: tuple[float, float]
    """Primary energies that it was trained on."""
    particle: str
    """That it was trained on, such as e-."""
    energy_scale: EnergyScale = field(default_factory=EnergyScale)
    """A correction of the cells' energies; the full generator has none."""

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
            latent = self.draw_latent(stream, energy[rows], theta[rows])
            scale = np.float32(self.design.cell_unit_GeV) * self.energy_scale(energy[rows])
            yield self.generate_cells(latent) * scale[:, None, None, None]

    def draw_latent(self, stream: np.random.Generator, energy_GeV: Array, theta: Array) -> Array:
        """Random latent vectors (N, L) of showers at energies (N,) and angles (N,) in rad."""
        size = (len(energy_GeV), self.design.noise_dim)
        noise = stream.standard_normal(size, dtype=np.float32)
        unit = np.float32(self.design.energy_unit_GeV)
        return np.asarray(
            latent_vector(self.design, noise, energy_GeV[:, None] / unit, theta[:, None])
        )


def write_generator(folder: Path, gan: Gan, about: dict[str, Any]) -> None:
    """Write the trained generator; `about` needs energy_min_GeV, energy_max_GeV, particle."""
    folder.mkdir(parents=True, exist_ok=True)
    write_backend_files(folder, gan.exported, gan.design, gan.image_shape)
    description = {"model": gan.design.as_section(), "image_shape": gan.image_shape, **about}
    write_json(folder / ABOUT_FILE, description)


def write_compact(folder: Path, form: InferenceForm, full: Sampler, scale: EnergyScale) -> None:
    """Write a generator that imitates `full`, with the files of `write_generator`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_form(folder / FORM_FILE, form)
    write_onnx(folder / ONNX_FILE, form)
    low, high = full.energy_range_GeV
    description = {
        "model": full.design.as_section(),
        "image_shape": full.image_shape,
        "energy_min_GeV": low,
        "energy_max_GeV": high,
        "particle": full.particle,
        "energy_scale": dataclasses.asdict(scale),
    }
    write_json(folder / ABOUT_FILE, description)


def load_sampler(folder: Path, backend: str = "auto") -> Sampler:
    """Load what `write_generator` wrote.

    Raises:
        GenerationError: if the folder lacks a file, or the backend is unknown.
    """
    about = json.loads(require_file(folder / ABOUT_FILE).read_text())
    x, y, z = about["image_shape"]
    known = {field.name for field in dataclasses.fields(ModelConfig)}
    described = {"recipe": "paper", **about["model"]}  # older generators do not say
    values = {key: described[key] for key in known & set(described)}
    where = str(folder / ABOUT_FILE)
    model: ModelConfig = checked(ModelConfig, values, where=where, prefix="model.")
    return Sampler(
        generate_cells=load_backend(backend, folder, model.design, (x, y, z)),
        design=model.design,
        image_shape=(x, y, z),
        energy_range_GeV=(about["energy_min_GeV"], about["energy_max_GeV"]),
        particle=about["particle"],
        energy_scale=EnergyScale(**about.get("energy_scale", {})),
    )
