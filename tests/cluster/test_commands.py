"""What starts the workers, for each launcher; what cannot be started is said with the remedy."""

import dataclasses
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from heitler.base.errors import LaunchError
from heitler.cluster.commands import (
    BATCH_JOBS,
    launch_command,
    launch_environment,
    nodes_needed,
    on_this_machine,
)
from heitler.cluster.reach import check_reachable
from heitler.config import ClusterConfig, ConfigError, load_config
from tests.conftest import MakeConfig


def cluster(**changes: Any) -> ClusterConfig:
    return dataclasses.replace(load_config().cluster, **changes)


def following(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def test_local_workers_are_started_by_horovodrun() -> None:
    command = launch_command(cluster(), 3, ["train.py", "x"])
    assert command[1:3] == ["-m", "heitler.cluster.horovodrun"]
    assert following(command, "-np") == "3"
    assert command[-3:] == [sys.executable, "train.py", "x"]
    assert "-H" not in command


@pytest.mark.parametrize("launcher", ["local", "mpi"])
def test_workers_are_told_how_often_horovod_looks_for_work(launcher: Any) -> None:
    variables = launch_environment(cluster(launcher=launcher, horovod_cycle_ms=4.5))
    assert variables["HOROVOD_CYCLE_TIME"] == "4.5"


def test_workers_get_huge_pages_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert "hugetlb=1" in launch_environment(cluster())["GLIBC_TUNABLES"]
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0")
    assert launch_environment(cluster())["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=0"


def test_a_warning_that_would_come_after_the_end_is_refused(make_config: MakeConfig) -> None:
    with pytest.raises(ConfigError, match="stall_warning_s is 90, longer than"):
        make_config(cluster={"stall_warning_s": 90, "collective_timeout_s": 60})


def test_hosts_get_no_more_workers_than_wanted() -> None:
    """horovodrun would start one in every slot."""
    hosts = ("a:2", "b:4", "c:1")
    command = launch_command(cluster(launcher="hosts", hosts=hosts), 3, ["train.py"])
    assert following(command, "-H") == "a:2,b:1"


def test_a_host_without_a_number_takes_ranks_per_node() -> None:
    chosen = cluster(launcher="hosts", hosts=("a", "b"), ranks_per_node=4, network_interface="ib0")
    command = launch_command(chosen, 8, ["train.py"])
    assert following(command, "-H") == "a:4,b:4"
    assert following(command, "--network-interfaces") == "ib0"


def test_too_few_slots_are_refused() -> None:
    with pytest.raises(LaunchError, match=r"5 workers wanted.*room for 4 \(a:2,b:2\)"):
        launch_command(cluster(launcher="hosts", hosts=("a:2", "b:2")), 5, ["train.py"])


def test_intel_mpi_of_the_environment_runs_mpi_workers() -> None:
    chosen = cluster(launcher="mpi", hosts=("a:2", "b:2"))
    command = launch_command(chosen, 4, ["train.py"])
    assert command[0] == str(Path(sys.prefix) / "bin/mpiexec.hydra")
    assert [following(command, o) for o in ("-n", "-ppn", "-hosts")] == ["4", "2", "a,b"]
    variables = launch_environment(chosen)
    assert variables["I_MPI_ROOT"] == sys.prefix
    assert variables["I_MPI_PIN"] == "0"  # the workers pin themselves
    assert variables["LD_LIBRARY_PATH"].startswith(f"{sys.prefix}/lib")


def test_intel_mpi_waits_without_taking_the_core_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert launch_environment(cluster(launcher="mpi"))["I_MPI_THREAD_YIELD"] == "2"
    monkeypatch.setenv("I_MPI_THREAD_YIELD", "3")
    assert launch_environment(cluster(launcher="mpi"))["I_MPI_THREAD_YIELD"] == "3"


def test_mpirun_without_hosts_stays_here_outside_of_a_batch_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in BATCH_JOBS:
        monkeypatch.delenv(name, raising=False)
    assert on_this_machine(cluster(launcher="mpi"))
    assert on_this_machine(cluster(launcher="local"))
    assert not on_this_machine(cluster(launcher="mpi", hosts=("a:2",)))
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    assert not on_this_machine(cluster(launcher="mpi"))


def test_mpi_refuses_hosts_of_different_size() -> None:
    with pytest.raises(LaunchError, match=r"different numbers of workers \(a:1,b:2\)"):
        launch_command(cluster(launcher="mpi", hosts=("a:1", "b:2")), 3, ["train.py"])


def test_open_mpi_is_told_apart_by_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mpirun = tmp_path / "mpirun"
    mpirun.write_text("#!/bin/sh\necho 'mpirun (Open MPI) 4.1.4'\n")
    mpirun.chmod(mpirun.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("KERAS_HOME", "/k")
    chosen = cluster(launcher="mpi", mpirun=str(mpirun), hosts=("a:2", "b:2"))
    command = launch_command(chosen, 4, ["train.py"])
    assert following(command, "--host") == "a:2,b:2"
    assert following(command, "--bind-to") == "none"
    assert "KERAS_HOME" in command  # forwarded: Open MPI does not by itself


def test_a_missing_mpirun_is_named() -> None:
    with pytest.raises(LaunchError, match=r"/none/mpirun is not there\. Correct cluster\.mpirun"):
        launch_command(cluster(launcher="mpi", mpirun="/none/mpirun"), 2, ["train.py"])


def test_srun_binds_workers_and_fills_nodes_in_order() -> None:
    slurm = dataclasses.replace(load_config().cluster.slurm, cores_per_rank=12)
    chosen = cluster(launcher="slurm", ranks_per_node=4, slurm=slurm)
    command = launch_command(chosen, 8, ["train.py"])
    wanted = {"--nodes=2", "--ntasks=8", "--ntasks-per-node=4", "--cpus-per-task=12"}
    assert wanted | {"--cpu-bind=cores", "--distribution=block:block"} <= set(command)
    unpinned = launch_command(dataclasses.replace(chosen, pin_cores=False), 8, ["train.py"])
    assert "--cpu-bind=none" in unpinned


@pytest.mark.parametrize(("workers", "nodes"), [(1, 1), (2, 1), (3, 2), (256, 128)])
def test_nodes_follow_from_workers(workers: int, nodes: int) -> None:
    assert nodes_needed(cluster(ranks_per_node=2), workers) == nodes


def test_slurm_outside_a_job_points_to_submit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(LaunchError, match="heitler launch STAGE --submit"):
        check_reachable(cluster(launcher="slurm"), 2)


def test_an_unknown_interface_is_named_with_those_there_are() -> None:
    chosen = cluster(launcher="hosts", hosts=("localhost:2",), network_interface="ib9")
    with pytest.raises(LaunchError, match=r"ib9, but this machine has .*lo"):
        check_reachable(chosen, 2)


def test_all_hosts_without_address_are_named() -> None:
    chosen = cluster(launcher="hosts", hosts=("nowhere.invalid:1", "neither.invalid:1"))
    both = r"nowhere\.invalid has no address.*\n.*neither\.invalid has no address"
    with pytest.raises(LaunchError, match=both):
        check_reachable(chosen, 2)


@pytest.mark.parametrize(
    ("ssh", "message"),
    [
        (
            "echo 'Permission denied (publickey).' >&2; exit 255",
            "cannot log in to 127.0.0.9 .*Perm",
        ),
        ("exit 1", "127.0.0.9 has no folder"),
        ("exit 2", "127.0.0.9 has no .*python"),
        ("exit 3", "127.0.0.9 has no network interface lo"),
    ],
)
def test_what_a_host_lacks_is_asked_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ssh: str, message: str
) -> None:
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n{ssh}\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    chosen = cluster(launcher="hosts", hosts=("127.0.0.9:2",), network_interface="lo")
    with pytest.raises(LaunchError, match=message):
        check_reachable(chosen, 2)
