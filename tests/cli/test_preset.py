"""Presets: as DVC takes them, valid, with networks that can be built."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from heitler.cli.preset import PRESETS, load_preset, overrides
from heitler.config import PARAMS_FILE, Config, ConfigError, build_config, merged, read_params
from heitler.detector import image_shape

HEITLER = Path(sys.executable).with_name("heitler")
NAMES = sorted(path.stem for path in PRESETS.glob("*.yaml"))
SIZES = {
    "fig2": ((25, 25, 25), 946_398),
    "large-batch": ((25, 25, 25), 946_398),
    "large-batch-3d": ((25, 25, 25), 946_398),
    "lead-scintillator": ((17, 17, 20), 500_000),
    "paper": ((25, 25, 25), 946_398),
    "paper-angle": ((51, 51, 25), 1_452_449),
    "smoke": ((9, 9, 9), 500_000),
}
"""Image shape and parameters; the published ones exactly, the others to a factor of 2."""


def config_of(name: str) -> Config:
    return build_config(merged(yaml.safe_load(PARAMS_FILE.read_text()), load_preset(name)))


@pytest.mark.parametrize("name", NAMES)
def test_networks_of_a_preset_can_be_built_and_make_a_shower(name):
    import numpy as np

    from heitler.generation.start import import_tensorflow

    import_tensorflow()
    from heitler.model.gan import build_gan

    config = config_of(name)
    shape = image_shape(config.detector)
    gan = build_gan(config.model.design, config.train, shape)
    total = gan.generator.count_params() + gan.discriminator.count_params()
    expected_shape, expected = SIZES[name]
    assert shape == expected_shape
    assert total == sum(gan.family.parameter_counts(gan.design, shape))
    assert total == expected if name.startswith("paper") else 0.5 < total / expected < 2
    noise = np.ones((1, *gan.generator.input_shape[1:]), np.float32)
    assert gan.generator(noise).shape[1:4] == shape


@pytest.mark.parametrize("name", NAMES)
def test_dvc_composes_the_parameters_that_the_preset_names(name, tmp_path):
    from dvc.utils.hydra import apply_overrides

    shutil.copy(PARAMS_FILE, tmp_path)
    parameters = read_params()
    apply_overrides(tmp_path / "params.yaml", overrides(load_preset(name), parameters))
    composed = yaml.safe_load((tmp_path / "params.yaml").read_text())
    assert composed == merged(parameters, load_preset(name))
    assert build_config(composed) == config_of(name)


def test_the_command_prints_words_that_the_shell_does_not_split():
    done = subprocess.run([HEITLER, "preset", "paper-angle"], capture_output=True, text=True)
    words = done.stdout.split()
    assert words[::2] == ["-S"] * (len(words) // 2)
    assert "model.network=3dgan-51-angle" in words


def test_a_preset_that_was_interrupted_goes_on_when_it_is_run_again(tmp_path):
    """`dvc exp run` leaves its values in params.yaml; again, it would begin anew."""
    from dvc.utils.hydra import apply_overrides

    project = tmp_path / "project"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ".", project], check=True)
    shutil.copy(PARAMS_FILE, project)

    def shown() -> str:
        command = [HEITLER, "preset", "smoke", "--run", "--dry-run"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-1]

    assert shown().startswith("dvc exp run -S ")
    apply_overrides(project / "params.yaml", overrides(load_preset("smoke"), read_params()))
    assert shown() == "dvc repro"


def test_an_unknown_preset_and_a_value_with_a_space_are_refused():
    with pytest.raises(ConfigError, match="Did you mean paper"):
        load_preset("papre")
    with pytest.raises(ConfigError, match="space"):
        overrides({"detector": {"name": "two words"}}, {})
