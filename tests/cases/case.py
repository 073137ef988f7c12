"""What a case is: a file as others make it, what is done with it, the right value or sentence."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heitler.base.errors import HeitlerError
from heitler.cli.stages import what_changes
from heitler.config import PARAMS_FILE, Config, build_config, load_config, merged, read_params
from heitler.data.any_format import Wishes, inspect_showers
from heitler.data.cern import import_showers
from heitler.data.checks import check_shower_file
from heitler.data.hdf5 import Showers, concatenate, read_showers
from heitler.data.prepare import prepare_showers
from heitler.detector import image_shape
from heitler.generation.energies import read_requested_energies_GeV
from heitler.sweep.space import parse_space


@dataclass(frozen=True)
class Case:
    """One way in which a file or a parameter can be other than it seems."""

    name: str
    act: Callable[[Path], str]
    """In an empty folder: what came out, in words."""
    right: tuple[str, ...]
    """What has to stand in it."""

    def outcome(self, folder: Path) -> str:
        """What came out, or the message of the refusal."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try:
                result = self.act(folder)
            except HeitlerError as error:
                return f"refused: {error}"
        return f"{said.getvalue()}{result}"

    def is_right(self, folder: Path) -> bool:
        """Whether the right value came out, or the right sentence."""
        outcome = self.outcome(folder)
        return all(part in outcome for part in self.right)


def config_for(**simulate: Any) -> Config:
    """The shipped parameters with the small images of preset smoke."""
    smoke = read_params(Path("presets/smoke.yaml"))
    common = {"showers": 1000, "showers_per_shard": 100}
    changes = {"simulate": common | simulate, "prepare": {"test_fraction": 0.3}}
    return build_config(merged(read_params(), smoke, changes))


def imported(folder: Path, source: Path, **simulate: Any) -> str:
    """What training would get of an import: count, particle, energies, deposits, empty ones."""
    config = config_for(import_from=str(source), **simulate)
    import_showers(folder / "showers", folder / "downloads", config.detector, config.simulate)
    shards = sorted((folder / "showers").glob("*.h5"))
    for shard in shards:
        check_shower_file(shard, image_shape(config.detector))
    prepared = prepare_showers(
        shards, folder / "prepared", image_shape(config.detector), config.prepare
    )
    kept = sum(map(len, prepared.observables.values()))
    return f"{summary(concatenate([read_showers(s) for s in shards]))}, {kept} prepared"


def compared(source: Path, wishes: Wishes) -> str:
    """What `heitler validate` and `heitler export` would get of a file."""
    file = inspect_showers(source, wishes)
    return "\n".join([*file.notes, summary(concatenate(list(file.read())))])


def summary(showers: Showers) -> str:
    """Such as "60 e-, 1.23 to 3.98 GeV, fraction 0.030, 86 deg"."""
    deposited = showers.cells_GeV.sum(axis=(1, 2, 3))
    fraction = np.median((deposited / showers.primary_energy_GeV)[deposited > 0])
    low, high = showers.primary_energy_GeV.min(), showers.primary_energy_GeV.max()
    angle = np.rad2deg(np.median(showers.theta_rad))
    return (
        f"{len(showers)} {showers.particle}, {low:.2f} to {high:.2f} GeV, fraction {fraction:.3f}, "
        f"{angle:.0f} deg"
    )


def listed(source: Path, column: str | None = None, unit: str | None = None) -> str:
    """The energies that `heitler generate --energies` would use."""
    energies, how = read_requested_energies_GeV(source, column, unit)
    return f"{[round(float(energy), 6) for energy in energies]} {how}"


def parameters(folder: Path, old: str, new: str) -> str:
    """params.yaml with some text replaced, read."""
    text = PARAMS_FILE.read_text()
    if old not in text:
        raise ValueError(f"{PARAMS_FILE} has no {old!r} any more: correct this case.")
    (folder / "other.yaml").write_text(text.replace(old, new, 1))
    config = load_config(folder / "other.yaml")
    return f"seed {config.simulate.seed!r}, learning rate {config.train.learning_rate!r}"


def set_on_command_line(change: str) -> str:
    """`heitler train --set CHANGE`, as far as DVC."""
    return f"changes: {what_changes([change])}"


def swept(*words: str) -> str:
    """`heitler sweep WORDS`, as far as its space."""
    return str(parse_space(list(words)))
