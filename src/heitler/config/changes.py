"""Changes of parameters, nested as in `params.yaml`: presets, recipes, arms of a study."""

from collections.abc import Mapping
from typing import Any

Changes = dict[str, Any]
"""To a section of params.yaml, nested as there."""


def merged(parameters: Mapping[str, Any], *changes: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with changes, section by section; lists are replaced whole."""
    result = dict(parameters)
    for change in changes:
        for key, value in change.items():
            inner = result.get(key)
            if isinstance(value, Mapping) and isinstance(inner, Mapping):
                result[key] = merged(inner, value)
            else:
                result[key] = value
    return result


def has_key(parameters: Any, key: str) -> bool:
    """Whether nested parameters have a dotted key, such as "train.epochs"."""
    for part in key.split("."):
        if not isinstance(parameters, Mapping) or part not in parameters:
            return False
        parameters = parameters[part]
    return True


def for_dvc(parameters: Mapping[str, Any], change: str) -> str:
    """`key=value` as `dvc exp run -S` takes it: with ++ for a key that is not in the file yet."""
    return change if has_key(parameters, change.partition("=")[0]) else f"++{change}"
