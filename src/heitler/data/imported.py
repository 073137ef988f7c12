"""What `simulate.import_from` stands for now, which DVC cannot know: files outside, or a server's.

The stage `inputs` writes it at the start of every run; where it is other than before, the stage
`simulate` imports again. Checksums are taken only of files whose size, times or place on disk have
changed.
"""

import hashlib
from pathlib import Path
from typing import Any

from heitler.base.place import in_project
from heitler.data.download import CHECKSUM, ask_version, is_url, read_memory, write_memory

FORMATS = ("*.h5", "*.hdf5")


def describe_import(import_from: str | None, downloads: Path) -> dict[str, Any]:
    """What is to be imported: `{}` for nothing, checksums by file, or what the server says.

    Where the source cannot be looked at (a server that does not answer, files that are gone) it is
    what it was before, with a warning: what was imported is still there.

    Args:
        import_from: `simulate.import_from`.
        downloads: folder of downloaded files, in which is remembered what was seen.
    """
    if not import_from:
        return {}
    memory = read_memory(downloads)
    try:
        seen = _look(import_from, memory.setdefault("checksums", {}))
    except OSError as error:
        before = memory.setdefault("sources", {}).get(import_from)
        if before is not None:
            print(
                f"Warning: {import_from} cannot be looked at ({error}). It is taken to be as it "
                "was when it was last imported.",
                flush=True,
            )
        return before or {import_from: "not seen yet"}
    memory.setdefault("sources", {})[import_from] = seen
    write_memory(downloads, memory)
    return seen


def _look(import_from: str, checksums: dict[str, Any]) -> dict[str, Any]:
    url, _, pinned = import_from.partition(CHECKSUM)
    if is_url(url):
        return {url: {"sha256": pinned}} if pinned else {url: ask_version(url)}
    path = in_project(Path(import_from))
    if path.is_dir():
        files = sorted(file for form in FORMATS for file in path.glob(form))
    else:
        files = [path]
    return {file.name: _checksum(file, checksums) for file in files}


def _checksum(path: Path, known: dict[str, Any]) -> str:
    """SHA-256 of a file; the one known if the file has not been written since."""
    status, name = path.stat(), str(path.resolve())
    mark = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    if known.get(name, {}).get("mark") != mark:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        known[name] = {"mark": mark, "sha256": found}
    return str(known[name]["sha256"])
