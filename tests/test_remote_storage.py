"""Results travel through DVC's remotes: a folder, and S3 by a real HTTP server."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
BUCKET = "heitler"
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
STAGE = {"cmd": "mkdir made && echo showers > made/showers", "outs": ["made"]}


def run(folder: Path, *command: str) -> str:
    environment = os.environ | KEYS | {"DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dvc(folder: Path, *arguments: str) -> str:
    return run(folder, sys.executable, "-m", "dvc", *arguments)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one finished stage."""
    folder = tmp_path / "project"
    folder.mkdir()
    run(folder, "git", "init", "--quiet")
    dvc(folder, "init", "--quiet")
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"simulate": STAGE}}))
    dvc(folder, "repro", "--quiet")
    return folder


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Address of an S3 server with an empty bucket."""
    pytest.importorskip("moto.server", reason="scripts/setup.sh remote installs it")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(url)
        request = urllib.request.Request(f"{url}/{BUCKET}", method="PUT")
        urllib.request.urlopen(request, timeout=10).close()
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(url)


def pulled(project: Path) -> str:
    """What a second clone gets."""
    run(project, "git", "add", "--all")
    run(project, "git", *IDENTITY, "commit", "--quiet", "--message", "Results")
    clone = project.parent / "clone"
    run(project.parent, "git", "clone", "--quiet", str(project), str(clone))
    if (local := project / ".dvc/config.local").exists():
        shutil.copy(local, clone / ".dvc")
    dvc(clone, "pull")
    assert "up to date" in dvc(clone, "repro")
    return (clone / "made/showers").read_text()


def test_a_second_clone_gets_the_results_from_a_folder(project: Path) -> None:
    dvc(project, "remote", "add", "--default", "store", str(project.parent / "store"))
    dvc(project, "push")
    assert pulled(project) == "showers\n"


def test_a_second_clone_gets_the_results_from_s3(project: Path, s3: str) -> None:
    dvc(project, "remote", "add", "--default", "store", f"s3://{BUCKET}/store")
    dvc(project, "remote", "modify", "store", "endpointurl", s3)
    dvc(project, "remote", "modify", "--local", "store", "access_key_id", "key")
    dvc(project, "remote", "modify", "--local", "store", "secret_access_key", "secret")
    dvc(project, "push")
    assert pulled(project) == "showers\n"
    with urllib.request.urlopen(f"{s3}/{BUCKET}?list-type=2", timeout=10) as listing:
        assert b"<Key>store/files/md5/" in listing.read()
