"""The arms of the large-batch study, in a file of their own, under those of the parameters.

Apart from `heitler.config.degradation`, which says what an arm means: that decides a training, how
the file is found does not.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from heitler.config.changes import merged
from heitler.config.yaml_text import load_yaml

ARMS = Path(__file__).parents[1] / "degradation/arms.yaml"
"""With the study, not here: a new arm changes no other stage's code."""


def with_all_arms(parameters: Any) -> Any:
    """Parameters as loaded from YAML, with the study's arms under those that they change or add."""
    section = parameters.get("degradation") if isinstance(parameters, Mapping) else None
    own = section.get("arms") if isinstance(section, Mapping) else None
    if not isinstance(own, Mapping):
        return parameters  # the check says what is wrong
    return merged({"degradation": {"arms": _arms_of_study()}}, parameters)


@cache
def _arms_of_study() -> Any:
    return load_yaml(ARMS.read_text(), str(ARMS))
