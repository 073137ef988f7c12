"""Whatever is in params.yaml or in a shower file: an error of ours or a good result, no other.

110 parameters, and 110 files each of any bytes, damaged showers, foreign HDF5 and damaged data
summaries, drawn by Hypothesis (the same ones in every run). An import that fails leaves the showers
that were there, and no others.
"""

import contextlib
import copy
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heitler.config import Config, ConfigError, build_config, load_config
from heitler.data.cern import import_showers
from heitler.data.checks import DataError, check_shower_file
from heitler.data.hdf5 import Showers, write_showers
from heitler.data.summary import SummaryError, load_summary
from tests.conftest import MakeConfig

DEFAULT: dict[str, Any] = yaml.safe_load(Path("params.yaml").read_text())
SHAPE = (3, 3, 4)
SUMMARY: dict[str, Any] = {
    "image_shape": [3, 3, 4],
    "showers": {"train": 6, "validation": 2, "test": 2},
    "energy_min_GeV": 10.0,
    "energy_max_GeV": 100.0,
    "sampling_fraction_fit": [0.001, 0.02],
    "digest": "0" * 64,
}
REPEATABLE = settings(
    max_examples=110,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["null", "1e400", "=cmd()", "../..", "<script>", "0", "{}", "-0.0"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def leaves(nested: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything in nested mappings and lists."""
    items = nested.items() if isinstance(nested, dict) else enumerate(nested)
    found = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += leaves(value, (*path, key))
    return found


@st.composite
def changed(draw: st.DrawFn, original: dict[str, Any]) -> Any:
    """A nested mapping with up to three entries replaced, removed or added."""
    params = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(leaves(params) or [("train",)]))
        place: Any = params
        for key in way:
            place = place[key]
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "remove":
            del place[last]
        elif action == "add" and isinstance(place, dict):
            place[draw(st.text(max_size=10))] = draw(VALUES)
        else:
            place[last] = draw(VALUES)
        if not params:
            break
    return params


@REPEATABLE
@given(changed(DEFAULT))
@example(None)
@example([])
@example("train")
@example({"train": 3})
def test_parameters_are_good_or_refused_with_a_message(params: Any) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(build_config(params, "params.yaml"), Config)


@REPEATABLE
@given(content=st.binary(max_size=200))
@example(content=b"a: &a [*a]\n")
@example(content=b"train: !!python/object/apply:os.system ['true']\n")
@example(content=b"\xff\xfe\x00")
@example(content=b"a: 2026-13-45\n")
def test_any_bytes_as_parameter_file_are_refused_with_a_message(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"params\.yaml"):
        load_config(path)


def summary_refusal(path: Path) -> str | None:
    """What `load_summary` says of a file that it does not take."""
    try:
        load_summary(path)
    except SummaryError as error:
        return str(error)
    return None


@REPEATABLE
@given(summary=changed(SUMMARY), cut=st.none() | st.integers(0, 200))
@example(summary=[], cut=None)
@example(summary=None, cut=None)
def test_a_damaged_data_summary_is_good_or_refused_with_its_name(
    summary: Any, cut: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(summary)[:cut])
    refusal = summary_refusal(path)
    if refusal is not None:
        assert refusal.startswith(str(path))
        assert "dvc repro --force prepare" in refusal


@pytest.fixture(scope="module")
def good_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(1)
    count = 6
    energy = random.uniform(10, 100, count).astype(np.float32)
    cells = random.gamma(2, 1, (count, *SHAPE)).astype(np.float32)
    cells *= (0.02 * energy / cells.sum(axis=(1, 2, 3)))[:, None, None, None]
    path = tmp_path_factory.mktemp("file") / "showers.h5"
    angle = np.full(count, 1.5, np.float32)
    showers = Showers(cells, energy, angle, np.arange(count), np.zeros(count, np.float32))
    write_showers(path, showers, {"detector": {"layers": 4}})
    check_shower_file(path, SHAPE)
    return path


@pytest.fixture(scope="module")
def config(make_config: MakeConfig) -> Config:
    layers = {"layers": SHAPE[2], "absorber_thickness_mm": 2.4}
    return make_config(
        detector={"sections": [layers], "cells_simulated": SHAPE[0], "cells_kept": SHAPE[0]}
    )


def import_or_leave(source: Path, good_file: Path, config: Config) -> None:
    """Import over a good shard: good showers, or an error of ours and the shard as it was."""
    folder = source.parent / "imported"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(good_file, folder / "shard-00000.h5")
    simulate = dataclasses.replace(config.simulate, import_from=str(source))
    try:
        import_showers(folder, source.parent / "downloads", config.detector, simulate)
    except DataError:
        [left] = folder.iterdir()
        assert left.read_bytes() == good_file.read_bytes()
    for shard in folder.iterdir():
        check_shower_file(shard, SHAPE)
    assert not list(source.parent.glob("*importing*"))


@REPEATABLE
@given(data=st.data())
def test_a_shower_file_with_any_bytes_changed_is_refused_with_its_name(
    data: st.DataObject, good_file: Path, config: Config, tmp_path: Path
) -> None:
    """Flipped bits, overwritten runs, and cuts; most of them in the headers, all over the file."""
    whole = good_file.read_bytes()
    content = bytearray(whole)
    kind = data.draw(st.sampled_from(["flip", "flip", "overwrite", "cut"]))
    headers = st.integers(512, 512 + 4096)
    place = data.draw(headers | st.integers(0, len(content) - 1))
    if kind == "flip":
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "overwrite":
        content[place : place + 8] = data.draw(st.binary(min_size=8, max_size=8))
    else:
        del content[place:]
    path = tmp_path / "showers.h5"
    path.write_bytes(content)
    if content != whole:
        with pytest.raises(DataError, match=r"showers\.h5"):
            check_shower_file(path, SHAPE)
        import_or_leave(path, good_file, config)


TYPES = st.sampled_from(["f4", "f8", "i8", "u1", "S8", h5py.string_dtype(), h5py.vlen_dtype("f4")])


@REPEATABLE
@given(data=st.data())
def test_a_file_with_any_datasets_under_the_right_names_is_checked_or_refused(
    data: st.DataObject, good_file: Path, config: Config, tmp_path: Path
) -> None:
    path = tmp_path / "showers.h5"
    with h5py.File(path, "w") as file:
        for name in ("ECAL", "target", "energy", "theta", "event_id", "cpu_seconds"):
            shape = data.draw(st.lists(st.integers(0, 5), max_size=5))
            what = data.draw(st.sampled_from(["data", "data", "data", "group", "link", "none"]))
            if what == "data":
                file.create_dataset(name, shape, data.draw(TYPES))
            elif what == "group":
                file.create_group(name)
            elif what == "link":
                file[name] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(DataError, match=r"showers\.h5"):
        check_shower_file(path, SHAPE)
    import_or_leave(path, good_file, config)
