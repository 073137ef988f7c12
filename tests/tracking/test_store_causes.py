"""The store holds all runs: why it fails is told truly, and only proven damage is set aside."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from heitler.tracking.health import examine_store
from heitler.tracking.spool import Record, Spool, spool_folder
from heitler.tracking.store import StoreError, connect, connect_to_database
from heitler.tracking.store_causes import database_cause

DESTROYS = ("mv ", "move", "delete", "remove")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with MLflow's tables."""
    folder = tmp_path_factory.mktemp("written")
    connect_to_database(folder)
    return folder / "mlflow.db"


@pytest.fixture
def database(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlruns").mkdir()
    shutil.copy(written, tmp_path / "mlruns/mlflow.db")
    return tmp_path / "mlruns/mlflow.db"


def complaint() -> str:
    with pytest.raises(StoreError) as caught:
        connect()
    return str(caught.value)


def harmless(message: str) -> bool:
    return not any(word in message.lower() for word in DESTROYS)


def test_a_lock_of_another_process_is_told_with_the_process(database):
    program = (
        f"import sqlite3; d = sqlite3.connect({str(database)!r}); d.execute('begin exclusive'); "
        "print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        health = examine_store()
        other.communicate(b"\n")
    assert f"is locked by process {other.pid} (" in health.fault
    assert "Wait" in health.remedy
    assert harmless(health.fault + health.remedy)
    assert examine_store().fault == ""


def test_a_newer_schema_is_no_damage(database):
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("update alembic_version set version_num = 'ffffffffffff'")
        opened.commit()
    message = complaint()
    assert "was written by a newer MLflow than this environment's" in message
    assert harmless(message)


def test_an_older_schema_is_brought_up_to_date_with_a_copy_kept(database):
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("update alembic_version set version_num = '0584bdc529eb'")
        opened.commit()
    message = complaint()
    assert "was written by an older MLflow" in message
    assert f"cp {database} {database}.before && mlflow db upgrade" in message


def test_overwritten_content_alone_is_set_aside(database):
    database.write_bytes(b"not a database" * 1000)
    assert f"mv {database} {database}.broken" in complaint()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_file_system_mounted_read_only_is_named(database):
    folder = database.parent
    mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this container may not mount")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        message = complaint()
    finally:
        subprocess.run(["umount", folder], check=True)
    assert "mounted read-only" in message
    assert harmless(message)


def test_words_that_prove_nothing_lead_to_a_look(database):
    cause = database_cause(database, RuntimeError("whatever"))
    assert "Nothing says that it is damaged" in cause.remedy
    assert not cause.proven


def answering(code: int) -> HTTPServer:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(code)

        do_POST = do_GET

        def log_message(self, *words: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_server_that_refuses_or_is_not_there_is_told(impatient):
    with answering(401) as server:
        impatient.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        assert "it wants a password" in examine_store().fault
        server.shutdown()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    impatient.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    assert examine_store().fault == "nothing listens there"


def test_a_proxy_does_not_hide_a_server_on_this_machine_and_is_named_for_others(impatient):
    with answering(401) as server, answering(502) as proxy:
        impatient.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
        impatient.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        assert "it wants a password" in examine_store().fault
        impatient.setenv("MLFLOW_TRACKING_URI", "http://tracking.example.org:5000")
        health = examine_store()
        assert f"through the proxy http://127.0.0.1:{proxy.server_port}" in health.fault
        assert health.remedy == "If it needs none: export no_proxy=tracking.example.org"
        for one in (server, proxy):
            one.shutdown()


def test_records_that_cannot_be_read_are_left_as_they_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torn = spool_folder() / "abc.json"
    torn.parent.mkdir(parents=True)
    torn.write_text("[{")
    taken: list[Record] = []
    spool = Spool("abc", taken.append)
    spool.put("log_tags", tags={})
    spool.close()
    assert [record["what"] for record in taken] == ["log_tags"]
    assert torn.read_text() == "[{"
    assert f"{torn.resolve()}: is damaged" in capsys.readouterr().out
