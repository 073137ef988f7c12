"""What a guided sweep may choose: `recipes.heitler.train.epochs=20,40`, `train.seed=1,2,3`."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from heitler.config import PARAMS_FILE, RECIPES, ConfigError, load_yaml, read_params
from heitler.config.yaml_text import parse_decimal
from heitler.sweep.experiments import SweepError

SCALES = ("lin", "log", "int")
FORM = (
    "Write section.key=a,b,c to choose among values, or section.key=SCALE:LOW:HIGH with SCALE "
    "lin, log or int."
)


@dataclass(frozen=True)
class Range:
    """Numbers between two, evenly (lin), evenly in their logarithm (log), or whole (int)."""

    scale: str
    low: float
    high: float

    def choose(self, trial: optuna.Trial, key: str) -> Any:
        """A value for this trial."""
        if self.scale == "int":
            return trial.suggest_int(key, int(self.low), int(self.high))
        value = trial.suggest_float(key, self.low, self.high, log=self.scale == "log")
        return float(f"{value:.6g}")


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[Any, ...]

    def choose(self, trial: optuna.Trial, key: str) -> Any:
        """A value for this trial."""
        return trial.suggest_categorical(key, self.values)


Space = Mapping[str, Range | Choice]


def parse_space(texts: Sequence[str]) -> Space:
    """From the command line's words.

    Raises:
        SweepError: for a word of another form, or a parameter that stands twice.
        ConfigError: for a parameter that params.yaml does not have, or a value with two readings.
    """
    known = read_params()
    known["recipes"] = dict.fromkeys(RECIPES, known)  # any key of model and train
    space: dict[str, Range | Choice] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        if not equals or not values:
            raise SweepError(f"{text!r} is no parameter with values. {FORM}")
        if key in space:
            raise SweepError(f"{key} stands twice. Give all its values in one word: {key}=a,b,c")
        _require_known(key, known)
        space[key] = _parse(text, values)
    return space


def _parse(text: str, values: str) -> Range | Choice:
    scale, colon, limits = values.partition(":")
    if not colon or not scale.isalpha():
        return _parse_choice(text, values)
    if scale not in SCALES:
        raise SweepError(f"{text!r}: {scale} is none of {', '.join(SCALES)}. {FORM}")
    numbers = [parse_decimal(limit) for limit in limits.split(":")]
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        raise SweepError(f"{text!r} has no two limits that are numbers. {FORM}")
    low, high = numbers[0], numbers[1]
    if low >= high or (scale == "log" and low <= 0):
        raise SweepError(f"{text!r} is no range (low before high; above 0 for log). {FORM}")
    if scale == "int" and not (low.is_integer() and high.is_integer()):
        raise SweepError(f"{text!r} has limits that are not whole numbers. {FORM}")
    return Range(scale, low, high)


def _parse_choice(text: str, values: str) -> Choice:
    words = values.split(",")
    if "" in map(str.strip, words):
        raise SweepError(f"{text!r} has an empty value. {FORM}")
    chosen = tuple(load_yaml(word, text) for word in words)
    repeated = [value for value in chosen if chosen.count(value) > 1]
    if repeated:
        raise SweepError(f"{text!r} has the value {repeated[0]} twice. Give every value once.")
    return Choice(chosen)


def _require_known(key: str, known: Any) -> None:
    for part in key.split("."):
        if not isinstance(known, Mapping) or part not in known:
            names = list(known) if isinstance(known, Mapping) else []
            close = difflib.get_close_matches(part, names, n=1)
            hint = f"Did you mean {close[0]}?" if close else "Look there for its name."
            raise ConfigError(f"{key} is no parameter of {PARAMS_FILE}. {hint}")
        known = known[part]
