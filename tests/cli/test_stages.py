"""The command line as a whole, and the commands that run stages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from heitler.cli.before import MissingResultError, require_results_before
from heitler.cli.main import app
from heitler.cli.stages import STAGES
from heitler.config import ConfigError
from heitler.kept.folder import VARIABLE as KEEP_GOING

HEITLER = Path(sys.executable).with_name("heitler")
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


def output_of(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False, terminal_width=200)
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    shown = output_of(command, "--help")
    assert f"heitler {command}" in shown.split("Example", 1)[1]


def test_every_stage_has_a_command() -> None:
    stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
    assert set(stages) <= set(COMMANDS)
    assert set(STAGES) <= set(stages)


def test_a_stage_command_is_dvcs(tmp_path: Path) -> None:
    assert output_of("train", "--dry-run") == "dvc repro train\n"
    assert output_of("train", "heitler", "--dry-run") == "dvc repro train@heitler\n"
    assert "There are paper and heitler" in output_of("train", "papper", code=2)
    shown = output_of("train", "--only", "--force", "-S", "train.seed=2", "--dry-run")
    assert shown == "dvc exp run --single-item --force --set-param train.seed=2 inputs train\n"


def test_a_parameter_that_is_none_is_refused() -> None:
    assert "Write section.key=value" in output_of("train", "-S", "epochs", code=2)


def test_a_stage_command_runs_the_stage(tmp_path: Path) -> None:
    """In a project with one stage of its own; exit codes are DVC's."""
    for name in ("params.yaml", ".dvc/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(Path(name).read_text())
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    pipeline = {"stages": {"report": {"cmd": "echo the page > page", "outs": ["page"]}}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
    done = subprocess.run([HEITLER, "report"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page").read_text() == "the page\n"
    (tmp_path / "params.yaml").write_text("train: {epoch: 5}")
    done = subprocess.run([HEITLER, "report"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Did you mean epochs" in done.stderr


def test_a_stage_alone_names_what_is_missing_and_who_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a new clone."""
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text(Path(name).read_text())
    monkeypatch.chdir(tmp_path)
    for words, missing, maker in (
        (["simulate"], "data/tables", "tables"),
        (["simulate", "--set", "simulate.showers=7"], "data/tables", "tables"),
        (["train", "heitler"], "data/prepared/summary.json", "prepare"),
        (["train"], "data/prepared/summary.json", "prepare"),
        (["report"], "data/prepared", "prepare"),
    ):
        command = " ".join(["heitler", *words[: 1 + (words[-1] == "heitler")]])
        with pytest.raises(MissingResultError) as found:
            output_of(*words, "--only")
        said = f"{command} --only: {missing} is not there, which the stage {maker} makes."
        assert str(found.value).startswith(said)
        assert f"run first: {command}\n" in str(found.value)
    require_results_before("tables", given="inputs")


def test_what_git_has_or_is_there_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dvc.yaml").write_text(Path("dvc.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    for name in ("test.h5", "train.h5", "summary.json"):
        path = Path("data/prepared", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    require_results_before("degradation", given="inputs")
    require_results_before("scale", given="inputs")
    Path("data/training/paper/generator").mkdir(parents=True)
    with pytest.raises(MissingResultError, match=r"data/training/paper/run.json is not there"):
        require_results_before("compact", given="inputs")


def test_the_shell_completes_commands() -> None:
    words = {"_HEITLER_COMPLETE": "complete_bash", "COMP_WORDS": "heitler tr", "COMP_CWORD": "1"}
    done = subprocess.run([HEITLER], env=os.environ | words, capture_output=True, text=True)
    assert done.stdout.split() == ["train"]


def test_an_unknown_parameter_is_refused_with_the_nearest_before_dvc_starts() -> None:
    done = subprocess.run(
        [HEITLER, "train", "--set", "train.epoch=3"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "train.epoch is not a known parameter. Did you mean epochs?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_command_again_goes_on_by_dvc_repro() -> None:
    """After `dvc exp run`, which leaves its values in params.yaml and would begin anew."""
    epochs = yaml.safe_load(Path("params.yaml").read_text())["train"]["epochs"]
    shown = output_of("train", "-S", f"train.epochs={epochs}", "--dry-run")
    assert shown.splitlines()[-1] == "dvc repro train"
    shown = output_of("train", "-S", f"train.epochs={epochs + 1}", "--dry-run")
    assert shown == f"dvc exp run --set-param train.epochs={epochs + 1} train\n"


def test_a_recipes_change_is_made_where_params_yaml_has_it_or_added() -> None:
    shown = output_of("train", "heitler", "-S", "recipes.heitler.train.epochs=7", "--dry-run")
    assert "--set-param recipes.heitler.train.epochs=7 train@heitler" in shown
    shown = output_of("train", "-S", "recipes.heitler.train.seed=7", "--dry-run")
    assert "--set-param ++recipes.heitler.train.seed=7 train" in shown


def test_a_change_that_the_recipe_overrides_is_refused_with_the_key_to_change() -> None:
    with pytest.raises(ConfigError, match=r"recipes.heitler.train.epochs takes its place"):
        output_of("train", "heitler", "-S", "train.epochs=7", "--dry-run")
    assert "train.epochs=7" in output_of("train", "paper", "-S", "train.epochs=7", "--dry-run")


def test_a_number_written_another_way_is_the_same_and_goes_on() -> None:
    """3e-4 is a text in YAML 1.1 and a number for DVC."""
    rate = yaml.safe_load(Path("params.yaml").read_text())["train"]["learning_rate"]
    for written in (f"{1e4 * rate:g}e-4", f"{rate:f}", f"{1e3 * rate:g}E-3"):
        shown = output_of("train", "paper", "-S", f"train.learning_rate={written}", "--dry-run")
        assert shown.splitlines()[-1] == "dvc repro train@paper", written


def test_going_on_from_what_was_set_aside_runs_the_stage_alone_and_again() -> None:
    source = ("--from", "data/set-aside/x")
    shown = output_of("train", "heitler", "--keep-going", *source, "--dry-run")
    assert shown == "dvc repro --single-item --force inputs train@heitler\n"
    assert KEEP_GOING not in os.environ  # what starts later in this process goes its own way
    assert "Add it" in output_of("train", "heitler", *source, code=2)
    assert "Name it" in output_of("train", "--keep-going", *source, code=2)
