"""Cores, memory, disk and network of this machine, beside what params.yaml asks of them."""

import os
import socket
from pathlib import Path

from heitler.config import Config, ConfigError, load_config
from heitler.detector import image_shape
from heitler.doctor.finding import Finding, broken, check, note, ok
from heitler.preflight.machine import CONTROL_GROUP, available_memory_B, free_disk_B
from heitler.preflight.needs import showers_disk_B, training_disk_B, training_memory_B
from heitler.report.wording import counted

GIB = 2**30
CPU_QUOTA = CONTROL_GROUP / "cpu.max"
COPIES = 3
"""A shower is kept as simulated, as prepared and as generated."""


@check("cores")
def check_cores() -> list[Finding]:
    """Cores that may be used, and workers that want them."""
    cores = len(os.sched_getaffinity(0))
    quota = _quota()
    if quota and quota < cores:
        found = f"{cores} cores, but this container may use {quota:g} of them at once"
        return [
            note("cores", found, f"Set cluster.threads_per_worker to at most {max(1, int(quota))}.")
        ]
    config = _config()
    workers = config.train.workers if config and config.cluster.launcher == "local" else 1
    if workers > cores:
        found = f"{cores} for {counted(workers, 'worker')}"
        return [note("cores", found, f"Set train.workers to {cores}, or expect them to share.")]
    return [ok("cores", f"{cores} for {counted(workers, 'worker')}")]


def _quota() -> float | None:
    """CPUs that the control group grants, or None without a limit."""
    if not CPU_QUOTA.is_file():
        return None
    granted, period = CPU_QUOTA.read_text().split()
    return None if granted == "max" else int(granted) / int(period)


@check("memory")
def check_memory() -> list[Finding]:
    """Whether the workers of this machine fit into what is free."""
    free = available_memory_B() / GIB
    config = _config()
    if config is None or config.cluster.launcher != "local":
        return [ok("memory", f"{free:.1f} GiB free")]
    x, y, z = image_shape(config.detector)
    needed = training_memory_B(config.train, x * y * z) / GIB
    workers = counted(config.train.workers, "worker")
    found = f"{free:.1f} GiB free; {workers} need about {needed:.1f}"
    if free < needed:
        return [note("memory", found, "End other programs, or lower train.workers.")]
    return [ok("memory", found)]


@check("disk")
def check_disk() -> list[Finding]:
    """Whether the showers and the training's files fit."""
    free = free_disk_B(Path.cwd()) / GIB
    if not os.access(Path.cwd(), os.W_OK):
        return [broken("disk", f"{Path.cwd()} cannot be written", "Work in a folder of your own.")]
    config = _config()
    if config is None:
        return [ok("disk", f"{free:.1f} GiB free here")]
    showers_B = COPIES * showers_disk_B(config.detector, config.simulate)
    needed = (showers_B + training_disk_B(config.train)) / GIB
    found = f"{free:.1f} GiB free here; about {needed:.1f} are needed"
    if free < needed:
        return [broken("disk", found, "Free some, or lower simulate.showers.")]
    return [ok("disk", found)]


def check_network(port: int) -> list[Finding]:
    """This machine's name, by which Horovod's workers meet, and the port of MLflow's UI."""
    return [_host_name(), _port(port)]


def _host_name() -> Finding:
    name = socket.gethostname()
    try:
        return ok("host name", f"{name} is {socket.gethostbyname(name)}")
    except OSError:
        line = f"Add it to /etc/hosts: 127.0.1.1 {name}"
        return broken("host name", f"{name} has no address; Horovod's workers cannot meet", line)


def _port(port: int) -> Finding:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError:
            return note(f"port {port}", "only root may use it", "make ui PORT=5001")
        except OSError:
            other = f"make ui PORT={port + 1}"
            return note(f"port {port}", "taken, perhaps by MLflow's UI itself", other)
    return ok(f"port {port}", "free for MLflow's UI")


def _config() -> Config | None:
    """The parameters; None where they are wrong, which has a check of its own."""
    try:
        return load_config()
    except ConfigError:
        return None
