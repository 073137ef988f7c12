"""Real Geant4 tables and a small set of real showers, made once per test session."""

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from heitler.config import PARAMS_FILE, Config, build_config
from heitler.data.hdf5 import Showers, concatenate, read_showers
from heitler.simulation.shards import simulate_shards
from heitler.simulation.tables import write_tables

MakeConfig = Callable[..., Config]

SAMPLE = {
    "showers": 60,
    "showers_per_shard": 30,
    "energy_min_GeV": 1.0,
    "energy_max_GeV": 10.0,
}


ONE_FOR_ALL: dict[str, dict[str, Any]] = {"paper": {}, "heitler": {}}
"""Recipes that change nothing in model and train."""

OF_GIT = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "commit.gpgSign",
    "GIT_CONFIG_VALUE_0": "false",
    "GIT_CONFIG_KEY_1": "core.hooksPath",
    "GIT_CONFIG_VALUE_1": os.devnull,
    "GIT_CONFIG_KEY_2": "core.autocrlf",
    "GIT_CONFIG_VALUE_2": "false",
}
"""Tests commit, by git and by DVC, whoever this machine's git takes its user for."""
os.environ.update(OF_GIT)

LONGEST = ("pipelines/test_pipeline.py", "training/test_workers.py", "cluster/test_namespaces.py")
"""Files of a minute and more: first, so that processes that share the tests end together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; otherwise as collected."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.fixture(scope="session")
def make_config() -> MakeConfig:
    """The project's parameters with changed values: make_config(simulate={"showers": 3})."""
    params = yaml.safe_load(PARAMS_FILE.read_text())
    params["recipes"] = ONE_FOR_ALL  # a test's batch holds for every recipe

    def make(**sections: dict[str, Any]) -> Config:
        changed = copy.deepcopy(params)
        for section, values in sections.items():
            changed[section] |= values
        return build_config(changed)

    return make


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory, make_config: MakeConfig) -> Path:
    """Geant4's tables for the default detector."""
    folder = tmp_path_factory.mktemp("geant4") / "tables"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("G4LEDATA", raising=False)
        write_tables(folder, make_config().detector)
    return folder


@pytest.fixture(scope="session")
def shower_folder(
    tmp_path_factory: pytest.TempPathFactory, tables: Path, make_config: MakeConfig
) -> Path:
    """Two shards of 30 electron showers each, 1-10 GeV."""
    folder = tmp_path_factory.mktemp("showers")
    config = make_config(simulate=SAMPLE)
    simulate_shards(folder, tables, config.detector, config.simulate)
    return folder


@pytest.fixture(scope="session")
def showers(shower_folder: Path) -> Showers:
    """The showers of `shower_folder`."""
    return concatenate([read_showers(path) for path in sorted(shower_folder.glob("*.h5"))])
