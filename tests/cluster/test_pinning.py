"""Cores are read from Linux, divided by NUMA domain, and kept to."""

import os
import threading
from pathlib import Path

import pytest

from heitler.cluster.pinning import (
    Core,
    bound_by_launcher,
    cpu_list,
    divide_cores,
    parse_cpu_list,
    pin_process,
    read_cores,
)


def machine(*cores_per_domain: int) -> list[Core]:
    """Cores without hyper-threads, numbered domain by domain."""
    first = [sum(cores_per_domain[:domain]) for domain in range(len(cores_per_domain))]
    return [
        Core(domain, (first[domain] + core,))
        for domain, count in enumerate(cores_per_domain)
        for core in range(count)
    ]


def cpus(shares: list[tuple[Core, ...]]) -> list[str]:
    return [cpu_list([cpu for core in share for cpu in core.cpus]) for share in shares]


@pytest.mark.parametrize(
    ("domains", "workers", "expected"),
    [
        ((2,), 1, ["0-1"]),
        ((2,), 2, ["0", "1"]),
        ((24, 24), 2, ["0-23", "24-47"]),
        ((24, 24), 4, ["0-11", "12-23", "24-35", "36-47"]),
        ((24, 24), 1, ["0-47"]),
        ((4, 4, 4, 4), 2, ["0-7", "8-15"]),
        ((4, 4), 3, ["0-1", "2-3", "4-7"]),
        ((8, 4), 3, ["0-3", "4-7", "8-11"]),
        ((5,), 2, ["0-1", "2-4"]),
        ((2,), 4, ["0", "1", "0", "1"]),
    ],
)
def test_cores_are_neighbours_in_one_domain(
    domains: tuple[int, ...], workers: int, expected: list[str]
) -> None:
    assert cpus(divide_cores(machine(*domains), workers)) == expected


@pytest.mark.parametrize("workers", range(1, 13))
def test_no_core_is_shared_and_no_share_crosses_domains(workers: int) -> None:
    cores = machine(5, 7)
    shares = divide_cores(cores, workers)
    used = [core for share in shares for core in share]
    assert len(shares) == workers
    assert all(shares)
    assert len(set(used)) == len(used)
    if workers >= 2:
        assert all(len({core.numa for core in share}) == 1 for share in shares)


def write_machine(system: Path) -> None:
    """Two domains of two cores; Linux numbers second hyper-threads after all first ones."""
    for domain, first in enumerate((0, 2)):
        node = system / f"node/node{domain}"
        node.mkdir(parents=True)
        (node / "cpulist").write_text(f"{first}-{first + 1},{first + 4}-{first + 5}\n")
    for cpu in range(8):
        topology = system / f"cpu/cpu{cpu}/topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{cpu % 4},{cpu % 4 + 4}\n")


def test_hyper_threads_of_a_core_stay_together(tmp_path: Path) -> None:
    write_machine(tmp_path)
    cores = read_cores(tmp_path, range(8))
    assert cores == [Core(0, (0, 4)), Core(0, (1, 5)), Core(1, (2, 6)), Core(1, (3, 7))]
    assert cpus(divide_cores(cores, 2)) == ["0-1,4-5", "2-3,6-7"]


def test_only_usable_processors_count(tmp_path: Path) -> None:
    write_machine(tmp_path)
    assert read_cores(tmp_path, [1, 3, 7]) == [Core(0, (1,)), Core(1, (3, 7))]


def test_this_machines_cores_are_those_it_may_use() -> None:
    found = [cpu for core in read_cores() for cpu in core.cpus]
    assert sorted(found) == sorted(os.sched_getaffinity(0))


@pytest.mark.parametrize("text", ["", "0", "0-3", "0-1,4,6-7"])
def test_linux_lists_of_processors_are_read_and_written(text: str) -> None:
    assert cpu_list(parse_cpu_list(text + "\n")) == text


def test_pinning_reaches_threads_that_run_already() -> None:
    before = os.sched_getaffinity(0)
    seen: list[set[int]] = []
    ready, go = threading.Event(), threading.Event()

    def watch() -> None:
        ready.set()
        go.wait()
        seen.append(os.sched_getaffinity(0))

    thread = threading.Thread(target=watch)
    thread.start()
    ready.wait()
    try:
        pin_process({min(before)})
        go.set()
        thread.join()
        assert seen == [{min(before)}] == [os.sched_getaffinity(0)]
    finally:
        pin_process(before)


def test_slurms_binding_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_CPU_BIND_TYPE", raising=False)
    assert not bound_by_launcher()
    monkeypatch.setenv("SLURM_CPU_BIND_TYPE", "none")
    assert not bound_by_launcher()
    monkeypatch.setenv("SLURM_CPU_BIND_TYPE", "mask_cpu:")
    assert bound_by_launcher()
