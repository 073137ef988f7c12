"""Files from the web, kept so that they are fetched once; an interrupted download continues."""

import errno
import hashlib
import json
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from heitler.base.causes import system_cause
from heitler.base.files import write_json
from heitler.base.progress import progress_bar
from heitler.data.checks import DataError

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


BYTES_AT_ONCE = 1 << 20
TIMEOUT_S = 60.0
ASK_S = 20.0
CHECKSUM = "#sha256="
VERSION = ("ETag", "Last-Modified", "Content-Length")
OF_THIS_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EFBIG}
"""What the server has no part in."""


def is_url(source: str) -> bool:
    """Whether this is to be downloaded, rather than a path."""
    return urlsplit(source).scheme in ("http", "https")


def download(url: str, folder: Path) -> Path:
    """The file behind `url`, in `folder`; it appears there when complete.

    A URL may end with `#sha256=` and the checksum that the file must have. Of a file that has
    changed since on the server, as far as `ask_version` was told, the new one is fetched; the old
    one stays beside it.

    Raises:
        DataError: if the server does not answer, the connection breaks, or the checksum differs.
    """
    url, _, wanted = url.partition(CHECKSUM)
    name = PurePosixPath(unquote(urlsplit(url).path)).name or "download"
    version = known_version(folder, url)
    seen = url + (json.dumps(version, sort_keys=True) if version else "")
    path = folder / f"{hashlib.sha256(seen.encode()).hexdigest()[:8]}-{name}"
    if path.exists():
        return _checked(path, url, wanted)
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    try:
        _fetch(url, partial, version)
    except (OSError, ValueError) as error:  # ValueError: not a URL that can be opened
        if isinstance(error, OSError) and error.errno in OF_THIS_DISK:
            raise DataError(system_cause(error, partial).sentence(partial, "")) from None
        raise DataError(
            f"{url}: download failed ({error}). Check simulate.import_from and the network; "
            "running the stage again continues where it stopped."
        ) from None
    _checked(partial, url, wanted)
    partial.rename(path)
    return path


def ask_version(url: str) -> dict[str, str]:
    """What a server says by which a changed file is known: its tag, time and length.

    Raises:
        OSError: if it does not answer.
    """
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=ASK_S)
    except urllib.error.HTTPError as error:
        if error.code not in (403, 405, 501):  # servers that know GET only
            raise
        answer = urllib.request.urlopen(url, timeout=ASK_S)
    with answer:
        said = {name: answer.headers.get(name) for name in VERSION}
    return {name: value for name, value in said.items() if value}


def _checked(path: Path, url: str, wanted: str) -> Path:
    """The path, if its content has the checksum wanted; else the file gets another name."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if wanted and found != wanted.lower():
        kept = path.replace(path.with_name(f"{path.name}.{found[:8]}"))
        raise DataError(
            f"{url}: its SHA-256 is {found}, not {wanted}. The file is kept as {kept}, and not "
            "used. Ask who publishes it, and correct simulate.import_from."
        )
    if not wanted:
        print(f"{url}: to accept only this content from now on, add {CHECKSUM}{found}", flush=True)
    return path


def _fetch(url: str, partial: Path, version: dict[str, str]) -> None:
    """Append what is missing to the partial file, where the server can; else begin again."""
    present = partial.stat().st_size if partial.exists() else 0
    headers = {"Range": f"bytes={present}-"} if present else {}
    if present and (unchanged := version.get("ETag") or version.get("Last-Modified")):
        headers["If-Range"] = unchanged  # else the server sends all of it
    request = urllib.request.Request(url, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # nothing after `present`: the whole file is there, or it changed
            raise
        if error.headers.get("Content-Range", "").rpartition("/")[2] == str(present):
            return None  # it is whole
        partial.rename(partial.with_name(f"{partial.name}.before"))
        return _fetch(url, partial, version)
    with answer:
        resumed = answer.status == 206
        present = present if resumed else 0
        expected = present + int(answer.headers.get("Content-Length", 0))
        with partial.open("ab" if resumed else "wb") as file:
            _copy(answer, file, present, expected)
    size = partial.stat().st_size
    if expected > present and size != expected:
        raise OSError(f"the connection ended after {size} of {expected} bytes")
    return None


def _copy(answer: IO[bytes], file: IO[bytes], present: int, expected: int) -> None:
    unit = 1 << 20
    total = -(-expected // unit)
    with progress_bar("Downloading, MiB", total, done=present // unit) as advance:
        while block := answer.read(BYTES_AT_ONCE):
            before = file.tell() // unit
            file.write(block)
            advance(file.tell() // unit - before)
