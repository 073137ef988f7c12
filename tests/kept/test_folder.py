"""Kept results of another origin are moved aside with a sentence, or gone on from when asked."""

import re
from pathlib import Path
from typing import Any

import pytest

from heitler.base.errors import HeitlerError
from heitler.base.source import PACKAGE
from heitler.kept.folder import VARIABLE, Kept, begin_anew, keep, read_kept
from heitler.kept.origin import Origin, deciding_code

BEFORE = Origin({"train": {"seed": 1, "rate": 3e-4}}, "showers", {"heitler/model/gan.py": "a"})
OTHER_CODE = Origin(BEFORE.parameters, "showers", {"heitler/model/gan.py": "b"})
OTHER_SEED = Origin({"train": {"seed": 2, "rate": 3e-4}}, "showers", BEFORE.code)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`data/training/checkpoints` in a project's folder, with results of `BEFORE`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    folder = Path("data/training/checkpoints")
    keep(folder, BEFORE, "train")
    (folder / "epoch-0001.h5").write_text("weeks of work")
    return folder


def place_named(said: str) -> Path:
    """Where a sentence says that the results are."""
    found = re.search(r"now in (\S+)", said)
    assert found, said
    return Path(found[1])


def test_results_of_the_same_origin_stay(folder: Path, capsys: Any) -> None:
    kept = keep(folder, BEFORE, "train")
    assert kept.accepts(BEFORE.fingerprint)
    assert kept.changes == []
    assert (folder / "epoch-0001.h5").exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        (OTHER_CODE, "code of model/gan.py"),
        (OTHER_SEED, "train.seed (1 before, now 2)"),
        (Origin(BEFORE.parameters, "others", BEFORE.code), "the showers"),
        (Origin({"train": {"seed": 1}}, "showers", BEFORE.code), "train.rate (0.0003 before, now"),
    ],
)
def test_what_does_not_fit_is_moved_aside_whole_and_the_sentence_says_why_where_and_how_to_go_on(
    folder: Path, capsys: Any, origin: Origin, why: str
) -> None:
    keep(folder, origin, "train")
    said = capsys.readouterr().out
    place = place_named(said)
    assert f"other now: {why}" in said
    assert f"heitler train --keep-going --from {place}" in said
    assert place.parent == Path("data/set-aside")
    assert (place / "epoch-0001.h5").read_text() == "weeks of work"
    assert [path.name for path in folder.iterdir()] == ["origin.json"]


def test_results_that_do_not_say_from_what_they_are_are_moved_aside_too(
    folder: Path, capsys: Any
) -> None:
    (folder / "origin.json").unlink()
    keep(folder, BEFORE, "train")
    said = capsys.readouterr().out
    assert "nothing there says of which parameters, data and code it is" in said
    assert (place_named(said) / "epoch-0001.h5").exists()


def test_keeping_going_uses_what_other_code_made_and_remembers_it(
    folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    kept = keep(folder, OTHER_CODE, "train")
    assert kept.accepts(BEFORE.fingerprint)
    assert kept.differs_in_code_only(BEFORE.fingerprint)
    assert kept.changes == ["code of model/gan.py"]
    assert "going on from what is there, although other now: code" in capsys.readouterr().out
    monkeypatch.delenv(VARIABLE)
    again = keep(folder, OTHER_CODE, "train")  # as when a job is put into the queue again
    assert (again.accepted, again.changes) == (kept.accepted, kept.changes)


def test_keeping_going_with_other_parameters_does_not_count_as_the_same_events(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    kept = keep(folder, OTHER_SEED, "train")
    assert kept.accepts(BEFORE.fingerprint)
    assert not kept.differs_in_code_only(BEFORE.fingerprint)


def test_what_was_set_aside_is_gone_on_from_and_only_once_taken_back(
    folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(folder, OTHER_CODE, "train")
    place = place_named(capsys.readouterr().out)
    (folder / "epoch-0001.h5").write_text("a new beginning")
    monkeypatch.setenv(VARIABLE, str(place))
    kept = keep(folder, OTHER_CODE, "train")
    assert kept.accepts(BEFORE.fingerprint)
    assert (folder / "epoch-0001.h5").read_text() == "weeks of work"
    assert (place_named(capsys.readouterr().out) / "epoch-0001.h5").read_text() == "a new beginning"
    assert (place / "epoch-0001.h5").exists()
    (folder / "epoch-0002.h5").write_text("more of it")
    keep(folder, OTHER_CODE, "train")  # the same job again
    assert (folder / "epoch-0002.h5").read_text() == "more of it"


def test_an_empty_folder_to_go_on_from_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "data/set-aside/none")
    with pytest.raises(HeitlerError, match="data/set-aside/none: nothing in there to go on from"):
        keep(folder, OTHER_CODE, "train")
    assert (folder / "epoch-0001.h5").exists()


def test_two_moves_in_one_second_have_places_of_their_own(folder: Path) -> None:
    for text in ("one", "two", "three"):
        (folder / "epoch-0001.h5").write_text(text)
        begin_anew(folder, Kept(BEFORE, "train"), "a test")
    kept = Path("data/set-aside").glob("*/epoch-0001.h5")
    assert {path.read_text() for path in kept} == {"one", "two", "three"}
    found = read_kept(folder, "train")
    assert found
    assert found.origin.fingerprint == BEFORE.fingerprint


def test_the_code_that_decides_a_training_is_that_of_its_loop_and_what_its_parameters_mean() -> (
    None
):
    code = deciding_code("training/loop.py", "training")
    deciding = {f"heitler/{name}" for name in ("model/gan.py", "config/training.py", "design.py")}
    assert deciding <= code.keys()
    beside = ("cluster/slurm.py", "progress.py", "config/evolution.py", "tracking/runs.py")
    assert not code.keys() & {f"heitler/{name}" for name in beside}
    assert all((PACKAGE.parent / name).is_file() for name in code)
