"""Workers on two hosts of their own: what training and check-cluster do between machines."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster import namespaces
from tests.cluster.ends import assert_they_end
from tests.cluster.namespaces import CARD, Hosts, several_hosts
from tests.training.conftest import (
    PROGRAM,
    Case,
    TrainAll,
    outcome_of,
    shower_folder,
    train_all,
    write_case,
)

__all__ = ["shower_folder", "train_all"]  # fixtures, those of the tests of training
PROJECT = Path(__file__).parents[2]
WHY_NOT = namespaces.missing()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
LIMIT_BIT_PER_S = 1e8
START = """
import sys
from pathlib import Path
from heitler.cluster.launch import run_workers
from heitler.config import load_config
from heitler.base.stage import run_stage
params, workers, *program = sys.argv[1:]
cluster = load_config(Path(params)).cluster
run_stage(lambda: sys.exit(run_workers(cluster, int(workers), *program)))
"""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Two hosts; tests run on the first."""
    with several_hosts(2, tmp_path_factory.mktemp("ssh")) as made:
        yield made


def write_params(path: Path, hosts: Hosts) -> None:
    """The project's parameters, or those at `path`, with one worker on each host."""
    source = path if path.exists() else PROJECT / "params.yaml"
    params = yaml.safe_load(source.read_text())
    names = [f"{name}:1" for name in hosts.names]
    changed = {"launcher": "hosts", "hosts": names, "network_interface": CARD}
    params["cluster"] |= changed | {"threads_per_worker": 1}
    path.write_text(yaml.safe_dump(params))


def check(folder: Path, hosts: Hosts) -> tuple[str, dict[str, float]]:
    """Output and measured link of `heitler check-cluster`."""
    write_params(folder / "params.yaml", hosts)
    (folder / "data/prepared").mkdir(parents=True, exist_ok=True)
    (folder / "data/prepared/train.h5").write_text("showers")
    heitler = "import os, sys; os.chdir(sys.argv.pop(1)); from heitler.cli.main import main; main()"
    done = hosts.run(sys.executable, "-c", heitler, str(folder), "check-cluster")
    assert done.returncode == 0, done.stdout
    return done.stdout, json.loads((folder / "reports/cluster/link.json").read_text())


def test_two_hosts_agree_and_a_limited_link_is_seen_as_it_is(tmp_path: Path, hosts: Hosts) -> None:
    output, free = check(tmp_path, hosts)
    assert all(name in output for name in hosts.names)
    assert "All 2 workers agree" in output
    hosts.limit(LIMIT_BIT_PER_S)
    try:
        _, limited = check(tmp_path, hosts)
    finally:
        hosts.limit(None)
    assert 8 * limited["bandwidth_B_per_s"] == pytest.approx(LIMIT_BIT_PER_S, rel=0.3)
    assert free["bandwidth_B_per_s"] > 2 * limited["bandwidth_B_per_s"]


def test_training_on_two_hosts_is_training_on_one(
    tmp_path: Path, hosts: Hosts, shower_folder: Path, train_all: TrainAll
) -> None:
    case = Case({"virtual_workers": 2, "generator_updates_per_cycle": 1})
    folder = write_case(tmp_path / "two-hosts", 2, case)
    write_params(Path(folder) / "params.yaml", hosts)
    program = [str(PROGRAM), str(shower_folder), folder]
    done = hosts.run(sys.executable, "-c", START, f"{folder}/params.yaml", "2", *program)
    two_hosts = outcome_of(done.returncode, done.stdout, folder)
    assert two_hosts.exit_code == 0, two_hosts.output
    assert not two_hosts.errors
    one = train_all(1, one=case)["one"]
    assert one.variables.keys() == two_hosts.variables.keys() != set()
    for name, value in one.variables.items():
        assert two_hosts.variables[name] == pytest.approx(value, rel=1e-7, abs=1e-7), name
    assert two_hosts.history[0]["events_seen"] == 19


def test_a_killed_launcher_leaves_no_worker_on_any_host(tmp_path: Path, hosts: Hosts) -> None:
    write_params(tmp_path / "params.yaml", hosts)
    program = str(Path(__file__).with_name("program.py"))
    command = [sys.executable, "-c", START, str(tmp_path / "params.yaml"), "2", program, "stay"]
    launcher = subprocess.Popen(
        hosts.command(*command), env=hosts.environment(), stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    pids = []
    for line in launcher.stdout:
        words = line.split()
        if "pid" in words:
            pids.append(int(words[-1]))
        if len(pids) == 2:
            break
    assert len(pids) == 2
    launcher.send_signal(signal.SIGKILL)
    launcher.wait(timeout=120)
    assert_they_end(pids, within_s=60)


def test_hosts_are_gone_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; "
        "from tests.cluster.namespaces import several_hosts\n"
        "with several_hosts(2, Path(sys.argv[1])) as hosts:\n"
        "    print(*hosts.names, flush=True)\n    time.sleep(60)"
    )
    creator = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert creator.stdout is not None
    names = creator.stdout.readline().split()
    assert len(names) == 2
    assert all(Path("/run/netns", name).exists() for name in names)
    os.kill(creator.pid, signal.SIGKILL)
    creator.wait()
    deadline = time.monotonic() + 20
    left = names
    while left and time.monotonic() < deadline:
        time.sleep(0.2)
        folders = (Path("/run/netns"), Path("/etc/netns"))
        left = [name for name in names if any((folder / name).exists() for folder in folders)]
    assert left == []
