"""The headline numbers: one file, an object per question, written by the command that has it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heitler.base.files import write_json

HEADLINES = Path("reports/reference/headlines.json")


def merge_headlines(name: str, values: Mapping[str, Any], path: Path = HEADLINES) -> None:
    """Put numbers into the object `name`; its other ones and the other objects stay."""
    headlines = json.loads(path.read_text()) if path.is_file() else {}
    headlines.setdefault(name, {}).update(values)
    write_json(path, headlines)
