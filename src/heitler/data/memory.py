"""What was seen of the sources of imports, kept beside the downloaded files."""

import json
from pathlib import Path
from typing import Any

from heitler.base.files import write_json

FILE = "seen.json"


def read_memory(downloads: Path) -> dict[str, Any]:
    """`sources`: what each one was; `checksums`: by file. Empty if there is nothing, or torn."""
    try:
        content: dict[str, Any] = json.loads((downloads / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return content


def write_memory(downloads: Path, memory: dict[str, Any]) -> None:
    """Whole or not at all; a folder that cannot be written to is no error."""
    try:
        write_json(downloads / FILE, memory)
    except OSError as error:
        print(f"Warning: {downloads / FILE} cannot be written ({error}).", flush=True)


def known_version(downloads: Path, url: str) -> dict[str, str]:
    """What a server last said of a file (`ask_version`); empty if it was not asked."""
    version: dict[str, str] = read_memory(downloads).get("sources", {}).get(url, {}).get(url, {})
    return version
