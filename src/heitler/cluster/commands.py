"""The command that starts the workers, for each of `cluster.launcher`. It is not run here."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from heitler.base.errors import LaunchError
from heitler.cluster import horovodrun
from heitler.cluster.ends import ABORT
from heitler.config import ClusterConfig

SLURM_JOB = "SLURM_JOB_ID"
"""Set by Slurm inside a job."""
BATCH_JOBS = (SLURM_JOB, "PBS_JOBID", "LSB_JOBID")
"""In such a job mpirun starts workers on all nodes that it has."""
HYDRA = "mpiexec.hydra"
"""The launcher of Intel MPI and MPICH."""
HUGE_PAGES = "glibc.malloc.hugetlb=1"
"""Memory in huge pages, where the system leaves that to programs: docs/performance.md."""
YIELDING = "2"
"""Whoever waits in Intel MPI lets others have the core: Horovod's thread waits on the one that
computes. By itself it spins: benchmarks/results/coupling.md."""
FORWARDED = ("HOROVOD_", "GLIBC_", "TF_", "KERAS_", "MLFLOW_", "DVC_", "HEITLER_", "OMP_", "PYTHON")
"""Beginnings of the variables that Open MPI is told to hand on to other hosts; others do it all."""


def launch_command(cluster: ClusterConfig, workers: int, program: Sequence[str]) -> list[str]:
    """What to run here so that `workers` copies of a Python program run as Horovod workers.

    Args:
        program: a script and its arguments, or ["-m", module, ...].

    Raises:
        LaunchError: if `cluster` has no room for them, or its launcher is missing.
    """
    match cluster.launcher:
        case "hosts":
            return [*_horovodrun(cluster, workers), *_on_hosts(cluster, workers), *_python(program)]
        case "mpi":
            return [*_mpirun(cluster, workers), *_python(program)]
        case "slurm":
            return [*srun(cluster, workers), *_python(program)]
    return [*_horovodrun(cluster, workers), *_python(program)]


def launch_environment(cluster: ClusterConfig) -> dict[str, str]:
    """What the launcher's environment needs beside this process's own."""
    variables = {
        "HOROVOD_CYCLE_TIME": str(cluster.horovod_cycle_ms),
        "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", HUGE_PAGES),
        "HOROVOD_STALL_CHECK_TIME_SECONDS": str(cluster.stall_warning_s),
        "HOROVOD_STALL_SHUTDOWN_TIME_SECONDS": str(cluster.collective_timeout_s),
    }
    if cluster.launcher in ("local", "hosts"):
        return variables
    # MPI's label is put before each piece that is written: a line should be one piece.
    variables["PYTHONUNBUFFERED"] = ""
    if cluster.mpirun is None or cluster.launcher == "slurm":  # the Intel MPI of the environment
        libraries = [f"{sys.prefix}/lib", *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
        variables |= {
            "I_MPI_ROOT": sys.prefix,
            "I_MPI_PIN": "0",  # workers pin themselves, or Slurm does
            "I_MPI_THREAD_YIELD": os.environ.get("I_MPI_THREAD_YIELD", YIELDING),
            "I_MPI_JOB_ABORT_SIGNAL": str(ABORT),  # tells who was stopped from who was killed
            "LD_LIBRARY_PATH": ":".join(libraries),
        }
        if cluster.network_interface:
            variables["FI_TCP_IFACE"] = cluster.network_interface
    return variables


def on_this_machine(cluster: ClusterConfig) -> bool:
    """Whether all workers run here."""
    if cluster.launcher == "mpi":
        return not cluster.hosts and not any(name in os.environ for name in BATCH_JOBS)
    return cluster.launcher == "local"


def nodes_needed(cluster: ClusterConfig, workers: int) -> int:
    """Nodes of a batch job; a job smaller than a node has one."""
    return -(-workers // cluster.ranks_per_node)


def srun(cluster: ClusterConfig, workers: int) -> list[str]:
    """Slurm's step with all workers, each bound to its own cores; only inside a job.

    Consecutive ranks are on one node (first `block`), and so are a rank's cores in one socket.
    """
    return [
        "srun",
        f"--nodes={nodes_needed(cluster, workers)}",
        f"--ntasks={workers}",
        f"--ntasks-per-node={min(workers, cluster.ranks_per_node)}",
        f"--cpus-per-task={cluster.slurm.cores_per_rank}",
        f"--cpu-bind={'cores' if cluster.pin_cores else 'none'}",
        "--distribution=block:block",
        "--kill-on-bad-exit=1",
        f"--mpi={cluster.slurm.mpi}",
    ]


def shown(command: Sequence[str], variables: Mapping[str, str]) -> str:
    """Command and variables as one would type them."""
    assigned = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join([*assigned, shlex.join(command)])


def _python(program: Sequence[str]) -> list[str]:
    return [sys.executable, *program]


def _horovodrun(cluster: ClusterConfig, workers: int) -> list[str]:
    # Its cache would remember for an hour that a host could be reached.
    return [
        *(sys.executable, "-m", horovodrun.__name__, "--gloo", "--disable-cache"),
        *("--gloo-timeout-seconds", str(cluster.collective_timeout_s)),
        *("-np", str(workers)),
    ]


def _on_hosts(cluster: ClusterConfig, workers: int) -> list[str]:
    interface = cluster.network_interface
    return [
        *("-H", _host_list(hosts_used(cluster, workers))),
        *("--start-timeout", str(cluster.start_timeout_s)),
        *(["--network-interfaces", interface] if interface else []),
    ]


def hosts_used(cluster: ClusterConfig, workers: int) -> dict[str, int]:
    """Workers on each of the first of `cluster.hosts` that have room for all."""
    used: dict[str, int] = {}
    for host, slots in cluster.slots.items():
        missing = workers - sum(used.values())
        if missing:  # horovodrun would fill all slots that it is told of
            used[host] = min(slots, missing)
    if (room := sum(used.values())) < workers:
        raise LaunchError(
            f"{workers} workers wanted, but cluster.hosts has room for {room} "
            f"({_host_list(used)}). Name more hosts, raise their numbers or "
            "cluster.ranks_per_node, or lower `workers` of the stage in params.yaml."
        )
    return used


def rank_hosts(cluster: ClusterConfig, workers: int) -> list[str]:
    """The host of every rank, where horovodrun places them; MPI and Slurm tell themselves."""
    match cluster.launcher:
        case "local":
            return [platform.node()] * workers
        case "hosts":
            used = hosts_used(cluster, workers)
            return [host for host, number in used.items() for _ in range(number)]
    return []


def _host_list(slots: Mapping[str, int]) -> str:
    return ",".join(f"{host}:{number}" for host, number in slots.items())


def _mpirun(cluster: ClusterConfig, workers: int) -> list[str]:
    launcher = find_mpirun(cluster)
    hosts = hosts_used(cluster, workers) if cluster.hosts else {}
    if _is_open_mpi(launcher):
        return _open_mpi(launcher, cluster, workers, hosts)
    per_host, *others = [*hosts.values()] or [cluster.ranks_per_node]
    if any(number != per_host for number in others[:-1]) or others[-1:] > [per_host]:
        raise LaunchError(
            f"cluster.hosts would get different numbers of workers ({_host_list(hosts)}), which "
            "mpirun cannot. Give all the same, or use cluster.launcher: hosts."
        )
    interface = cluster.network_interface
    return [
        *(launcher, "-l", "-n", str(workers), "-ppn", str(per_host)),
        *(["-hosts", ",".join(hosts)] if hosts else []),
        *(["-iface", interface] if interface else []),
    ]


def _open_mpi(
    launcher: str, cluster: ClusterConfig, workers: int, hosts: Mapping[str, int]
) -> list[str]:
    interface = cluster.network_interface
    names = [name for name in sorted(os.environ) if name.startswith(FORWARDED)]
    return [
        *(launcher, "--tag-output", "--bind-to", "none", "-np", str(workers)),
        *(["--allow-run-as-root"] if os.geteuid() == 0 else []),
        *(["--host", _host_list(hosts)] if hosts else ["--oversubscribe"]),
        *(["--mca", "btl_tcp_if_include", interface] if interface else []),
        *(word for name in ["PATH", *names] for word in ("-x", name)),
    ]


def _is_open_mpi(launcher: str) -> bool:
    done = subprocess.run([launcher, "--version"], capture_output=True, text=True)
    return "Open MPI" in done.stdout or "OpenRTE" in done.stdout


def find_mpirun(cluster: ClusterConfig) -> str:
    """The launcher of the MPI that Horovod is linked with, or the one that `cluster` names.

    Raises:
        LaunchError: if it is not there.
    """
    wanted = cluster.mpirun or str(Path(sys.prefix) / "bin" / HYDRA)
    found = shutil.which(wanted)
    if found is None:
        raise LaunchError(
            f"cluster.launcher is mpi, but {wanted} is not there. "
            + (
                "Correct cluster.mpirun."
                if cluster.mpirun
                else "Build the environment again (make env), or name another in cluster.mpirun."
            )
        )
    return found
