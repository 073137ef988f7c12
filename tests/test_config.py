"""Wrong parameters are named, with the remedy, before anything starts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from heitler.config import ConfigError, build_config, digest_for_workers, load_config

Params = dict[str, Any]
DEFAULT: Params = yaml.safe_load(Path("params.yaml").read_text())


def test_the_shipped_parameters_are_valid() -> None:
    assert load_config().train.workers == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p["train"].update(epoch=3), r"train.epoch is not a known .* mean epochs\?"),
        (lambda p: p.update(trian={}), r"trian is not a known parameter. Did you mean train\?"),
        (lambda p: p["train"].pop("epochs"), "train.epochs is missing"),
        (lambda p: p["train"].update(workers="two"), "train.workers is 'two'"),
        (lambda p: p["train"].update(workers=True), "train.workers is True"),
        (lambda p: p["train"].update(learning_rate=-1), "learning_rate is -1: .*greater than 0"),
        (lambda p: p["train"].update(learning_rate=float("nan")), "learning_rate is nan"),
        (
            lambda p: p["train"].update(global_batch_size=100, workers=8),
            r"global_batch_size is 100, not divisible by 8 workers. "
            r"Use 96 or 104, or change train.workers",
        ),
        (
            lambda p: p["train"].update(virtual_workers=3),
            r"virtual_workers is 3, not a multiple of train.workers \(2\). Use 2 or 4",
        ),
        (lambda p: p["simulate"].update(energy_min_GeV=200.0), r"energy_min_GeV is 200.0, above"),
        (lambda p: p["prepare"].update(test_fraction=0.95), "leave nothing to train on"),
        (lambda p: p["detector"].update(cells_kept=24), "odd number: the kept cells cannot be"),
        (lambda p: p["detector"].update(cells_kept=53), "cells_kept is 53, more than the 51"),
        (lambda p: p["detector"].update(sections=[]), "detector.sections is empty"),
        (lambda p: p["model"].update(network="vae"), "model.network is 'vae'"),
        *(
            (lambda p, c=change: p["recipes"]["heitler"]["model"].update(changes=c), message)
            for change, message in (
                ({"channels": 0}, "recipes.heitler: model.changes.channels is 0.*greater than 0"),
                ({"channels": 12.5}, "recipes.heitler: model.changes.channels is 12.5.*integer"),
                ({"chanels": 12}, "model.changes.chanels is not a recipe's choice. Choices: .*"),
                ({"networks": "dense"}, "is 'dense', which is no family.*Families: published"),
                ({"networks": "quick"}, "cannot start from 'measured'.*Change start too"),
            )
        ),
        (
            lambda p: p["degradation"]["base"]["model"].update(changes={"networks": "fast"}),
            "degradation.arms.one-worker: model.changes.networks is 'fast'",
        ),
        (
            lambda p: p["evolve"].update(strategies=["one-fourth"]),
            "evolve.strategies names 'one-fourth', which is no strategy.*one-fifth",
        ),
        (lambda p: p["evolve"].update(seeds=[1, 1]), "evolve.seeds has .* name each once"),
        (
            lambda p: p["evolve"]["by_strategy"]["one-fifth"].update(mutation_rate=2.4),
            "by_strategy.one-fifth.mutation_rate is 2.4: a probability",
        ),
    ],
)
def test_a_wrong_parameter_is_named_with_its_remedy(
    change: Callable[[Params], Any], message: str
) -> None:
    params = yaml.safe_load(yaml.safe_dump(DEFAULT))
    change(params)
    with pytest.raises(ConfigError, match=message) as raised:
        build_config(params, "params.yaml")
    assert str(raised.value).startswith("params.yaml: ")


def test_all_wrong_parameters_are_reported_at_once() -> None:
    params = yaml.safe_load(yaml.safe_dump(DEFAULT))
    params["train"].update(workers="two", epoch=3)
    with pytest.raises(ConfigError) as raised:
        build_config(params, "params.yaml")
    assert len(str(raised.value).splitlines()) == 2


def test_a_worker_refuses_parameters_that_its_launcher_has_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path("params.yaml").read_text()
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(text)
    load_config()
    for name, digest in digest_for_workers().items():
        monkeypatch.setenv(name, digest)
    load_config()
    Path("params.yaml").write_text(text.replace("epochs: 5", "epochs: 6"))
    with pytest.raises(ConfigError, match="was changed while the workers were starting"):
        load_config()


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yaml: not found"):
        load_config(tmp_path / "nowhere.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("train: [1, 2")
    with pytest.raises(ConfigError, match=r"broken.yaml: not valid YAML"):
        load_config(broken)


def test_a_recipe_changes_model_and_train_where_it_says_so_and_nothing_else() -> None:
    params = yaml.safe_load(yaml.safe_dump(DEFAULT))
    params["recipes"]["heitler"]["train"] = {"epochs": 77, "loss_weights": {"theta": 3.0}}
    params["recipes"]["heitler"]["model"] = {"changes": {"channels": 16}}
    config = build_config(params)
    ours = config.of_recipe("heitler")
    assert ours.model == replace(config.model, recipe="heitler", changes={"channels": 16})
    weights = replace(config.train.loss_weights, theta=3.0)
    assert ours.train == replace(config.train, epochs=77, loss_weights=weights)
    assert replace(ours, model=config.model, train=config.train) == config
    assert config.of_recipe("paper") == config


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("train", {"epoch": 3}, r"train.epoch is not a known parameter. Did you mean epochs\?"),
        ("train", {"global_batch_size": 9}, "train.global_batch_size is 9, not divisible by 2"),
        ("model", {"recipe": "paper"}, "model.recipe is heitler, always. Remove it."),
    ],
)
def test_a_wrong_change_of_a_recipe_is_named_when_the_file_is_read(
    section: str, change: Params, message: str
) -> None:
    params = yaml.safe_load(yaml.safe_dump(DEFAULT))
    params["recipes"]["heitler"][section] = change
    with pytest.raises(ConfigError, match=rf"^params.yaml: recipes.heitler[:.] ?{message}"):
        build_config(params, "params.yaml")
