"""What workers report of themselves: a table for people, and where they differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

EQUAL = ("python", "tensorflow", "horovod", "heitler", "oneDNN")
COLUMNS = ("host", "local_rank", "cores", "numa", "intra_threads", "inter_threads", "oneDNN")
LARGEST_CLOCK_DIFFERENCE_S = 2.0
REMEDIES = {
    "heitler": "Give all hosts the same checkout, as on a shared file system.",
    "oneDNN": "Set TF_ENABLE_ONEDNN_OPTS=1 on all hosts, or leave it unset.",
}
SAME_ENVIRONMENT = "Build the environment from the same uv.lock on all hosts: make env."
WIDTH = 110

Report = Mapping[str, Any]


def differences(reports: Sequence[Report]) -> list[str]:
    """What is not the same on all workers: messages that name rank and host; by rank.

    The value that most workers have is taken to be the right one.
    """
    faults = []
    for key in EQUAL:
        usual = Counter(str(one[key]) for one in reports).most_common(1)[0][0]
        faults += [
            f"{_who(rank, one)} has {key} {one[key]}, the others {usual}. "
            f"{REMEDIES.get(key, SAME_ENVIRONMENT)}"
            for rank, one in enumerate(reports)
            if str(one[key]) != usual
        ]
    return [*faults, *_data_differences(reports), *_clock_differences(reports)]


def worker_table(reports: Sequence[Report]) -> str:
    """Rank, host, cores, threads and clock of every worker."""
    table = Table("rank", *(name.replace("_", " ") for name in COLUMNS), "clock")
    first = reports[0]["clock_s"]
    for rank, one in enumerate(reports):
        clock = f"{one['clock_s'] - first:+.3f} s"
        table.add_row(str(rank), *(str(one[name]) for name in COLUMNS), clock)
    versions = ", ".join(f"{key} {reports[0][key]}" for key in EQUAL if key != "oneDNN")
    console = Console(width=WIDTH)
    with console.capture() as text:
        console.print(table)
    return f"{text.get()}{versions}"


def _data_differences(reports: Sequence[Report]) -> list[str]:
    names = sorted({name for one in reports for name in one["data"]})
    faults = []
    for name in names:
        found = [one["data"].get(name) for one in reports]
        usual = Counter(value for value in found if value).most_common(1)[0][0]
        for rank, (one, value) in enumerate(zip(reports, found, strict=True)):
            what = "does not see" if value is None else "has another content of"
            if value != usual:
                faults.append(
                    f"{_who(rank, one)} {what} {name}. Share the folder, or copy it to all hosts."
                )
    return faults


def _clock_differences(reports: Sequence[Report]) -> list[str]:
    first = reports[0]["clock_s"]
    return [
        f"{_who(rank, one)} has a clock {one['clock_s'] - first:+.1f} s from rank 0's. "
        "Synchronise the hosts' clocks (NTP)."
        for rank, one in enumerate(reports)
        if abs(one["clock_s"] - first) > LARGEST_CLOCK_DIFFERENCE_S
    ]


def _who(rank: int, report: Report) -> str:
    return f"Worker {rank} on {report['host']}"
