"""Whether hosts can be used, asked over ssh in seconds, before anything is started on them."""

import os
import shlex
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from heitler.base.errors import LaunchError
from heitler.cluster.commands import SLURM_JOB, hosts_used
from heitler.config import ClusterConfig

AT_ONCE = 32


def check_reachable(cluster: ClusterConfig, workers: int) -> None:
    """Check that the launcher can start workers.

    Raises:
        LaunchError: naming the host or interface, and the remedy.
    """
    if cluster.launcher == "slurm" and SLURM_JOB not in os.environ:
        raise LaunchError(
            "cluster.launcher is slurm, but this is not inside a Slurm job. "
            "Submit one with `heitler launch STAGE --submit`, or start this inside one (salloc)."
        )
    if cluster.launcher not in ("hosts", "mpi"):
        return
    _check_interface(cluster.network_interface)
    faults = _faults(cluster, list(hosts_used(cluster, workers)) if cluster.hosts else [])
    if faults:
        raise LaunchError("\n".join(faults.values()))


def unusable_hosts(cluster: ClusterConfig) -> set[str]:
    """Those of `cluster.hosts` on which nothing can be started now."""
    return set(_faults(cluster, list(cluster.slots)))


def _faults(cluster: ClusterConfig, hosts: list[str]) -> dict[str, str]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = zip(hosts, pool.map(lambda host: _fault(host, cluster), hosts), strict=True)
        return {host: fault for host, fault in found if fault}


def _fault(host: str, cluster: ClusterConfig) -> str:
    """What is wrong with a host, or nothing; this machine is not asked."""
    try:
        address = socket.gethostbyname(host)
    except OSError as error:
        return (
            f"cluster.hosts: {host} has no address ({error.strerror}). Correct the name, or add "
            "it to /etc/hosts on all hosts."
        )
    here = (a.address for entries in psutil.net_if_addrs().values() for a in entries)
    return "" if address in here else _ask(host, cluster)


def _ask(host: str, cluster: ClusterConfig) -> str:
    """What is wrong with a host, or nothing. One question at a time, until one is answered no."""
    questions = [
        (f"test -d {shlex.quote(str(Path.cwd()))}", f"has no folder {Path.cwd()}"),
        (f"test -x {shlex.quote(sys.executable)}", f"has no {sys.executable}"),
    ]
    if interface := cluster.network_interface:
        path = shlex.quote(f"/sys/class/net/{interface}")
        questions.append((f"test -e {path}", f"has no network interface {interface}"))
    script = "; ".join(
        f"{question} || exit {number}" for number, (question, _) in enumerate(questions, 1)
    )
    ssh = ["ssh", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={cluster.start_timeout_s}"]
    try:
        done = subprocess.run(
            [*ssh, "-o", "StrictHostKeyChecking=no", host, script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * cluster.start_timeout_s,
        )
    except FileNotFoundError:
        return "cluster.hosts are reached by ssh, which is not installed. Install openssh-client."
    except subprocess.TimeoutExpired:
        return f"cluster.hosts: {host} did not answer in {2 * cluster.start_timeout_s} s."
    if 1 <= done.returncode <= len(questions):
        return (
            f"cluster.hosts: {host} {questions[done.returncode - 1][1]}. All hosts need the "
            "project and its environment under the same path, as on a shared file system, and "
            "network interfaces of the same name."
        )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"ssh ended with {done.returncode}"]
        return (
            f"cluster.hosts: cannot log in to {host} ({reason[0]}). Try `ssh {host}`; it must "
            "work without a password."
        )
    return ""


def _check_interface(name: str | None) -> None:
    known = sorted(psutil.net_if_addrs())
    if name and name not in known:
        raise LaunchError(
            f"cluster.network_interface is {name}, but this machine has {', '.join(known)}. "
            "Name one of these, or null to let Horovod choose."
        )
