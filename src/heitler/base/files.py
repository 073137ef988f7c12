"""Files appear whole or not at all: written under a temporary name, then renamed.

The headline numbers are one of them: an object per question, written by the command that has it.
"""

import contextlib
import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HEADLINES = Path("reports/reference/headlines.json")


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder: Path, pattern: str) -> None:
    """Remove what `atomic_path` had begun for files of this pattern when its process was killed."""
    for path in folder.glob(f".{pattern}.*.tmp"):
        path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write readable JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a table with a heading, atomically; the rows have equal columns."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_text(path: Path, content: str) -> None:
    """Write text, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(content)


def digest(content: Any) -> str:
    """SHA-256, as hexadecimal, of JSON-serialisable content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def file_digest(*paths: Path) -> str:
    """SHA-256 of the named files' content, in the order given."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def merge_headlines(name: str, values: Mapping[str, Any], path: Path = HEADLINES) -> None:
    """Put numbers into the object `name`; its other ones and the other objects stay."""
    headlines = json.loads(path.read_text()) if path.is_file() else {}
    headlines.setdefault(name, {}).update(values)
    write_json(path, headlines)
