"""Changed data behind the same `simulate.import_from` is noticed, without reading all again."""

import functools
import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heitler.data import imported
from heitler.data.download import download
from heitler.data.imported import describe_import


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files, with the time of their last change."""

    def log_message(self, *arguments: Any) -> None: ...


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, http.server.ThreadingHTTPServer, str]]:
    """A folder on a web server, the server, and its address."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, server, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "showers.h5"
    path.write_text("one")
    return path


def test_nothing_to_import_is_nothing(tmp_path: Path) -> None:
    assert describe_import(None, tmp_path) == describe_import("", tmp_path) == {}


def test_other_content_of_equal_size_and_time_is_noticed(source: Path, tmp_path: Path) -> None:
    before = describe_import(str(source), tmp_path / "downloads")
    assert before == {"showers.h5": hashlib.sha256(b"one").hexdigest()}
    status = source.stat()
    source.write_text("two")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))  # as `cp -p` and rsync do
    assert describe_import(str(source), tmp_path / "downloads") != before


def test_a_file_that_was_only_touched_is_the_same(source: Path, tmp_path: Path) -> None:
    before = describe_import(str(source), tmp_path / "downloads")
    os.utime(source)
    assert describe_import(str(source), tmp_path / "downloads") == before


def test_files_that_were_not_written_are_not_read_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = describe_import(str(source), tmp_path / "downloads")
    monkeypatch.setattr(imported.hashlib, "file_digest", None)
    assert describe_import(str(source), tmp_path / "downloads") == before


def test_a_file_more_in_a_folder_is_noticed(source: Path, tmp_path: Path) -> None:
    before = describe_import(str(tmp_path), tmp_path / "downloads")
    (tmp_path / "more.hdf5").write_text("more")
    after = describe_import(str(tmp_path), tmp_path / "downloads")
    assert after.keys() - before.keys() == {"more.hdf5"}


def test_a_relative_path_is_found_from_the_copies_in_which_dvc_runs_experiments(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = describe_import("showers.h5", tmp_path / "downloads")
    copy = tmp_path / ".dvc/tmp/exps/tmp123"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    assert describe_import("showers.h5", tmp_path / "downloads") == before


def test_a_source_that_is_gone_is_what_it_was_with_a_warning(
    source: Path, tmp_path: Path, capsys: Any
) -> None:
    before = describe_import(str(source), tmp_path / "downloads")
    source.unlink()
    assert describe_import(str(source), tmp_path / "downloads") == before
    assert f"Warning: {source} cannot be looked at" in capsys.readouterr().out
    assert describe_import(str(tmp_path / "none.h5"), tmp_path / "downloads") != before


def test_another_file_behind_a_url_is_noticed_and_fetched_and_the_old_one_kept(
    served: tuple[Path, http.server.ThreadingHTTPServer, str], tmp_path: Path
) -> None:
    web, _, address = served
    url, downloads = f"{address}/ele.h5", tmp_path / "downloads"
    (web / "ele.h5").write_text("one")
    before = describe_import(url, downloads)
    first = download(url, downloads)
    assert download(url, downloads) == first
    (web / "ele.h5").write_text("other showers")
    os.utime(web / "ele.h5", (0, 0))
    assert describe_import(url, downloads) != before
    assert download(url, downloads).read_text() == "other showers"
    assert first.read_text() == "one"


def test_a_server_that_does_not_answer_changes_nothing(
    served: tuple[Path, http.server.ThreadingHTTPServer, str], tmp_path: Path, capsys: Any
) -> None:
    web, server, address = served
    url, downloads = f"{address}/ele.h5", tmp_path / "downloads"
    (web / "ele.h5").write_text("one")
    before = describe_import(url, downloads)
    path = download(url, downloads)
    server.shutdown()
    server.server_close()
    assert describe_import(url, downloads) == before
    assert "It is taken to be as it was" in capsys.readouterr().out
    assert download(url, downloads) == path


def test_a_pinned_url_is_not_asked(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/ele.h5"
    assert describe_import(f"{url}#sha256=abc", tmp_path) == {url: {"sha256": "abc"}}
