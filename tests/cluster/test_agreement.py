"""What differs between workers is named, with rank and host."""

from typing import Any

import pytest

from heitler.cluster.agreement import differences, worker_table


def report(rank: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "host": f"node{rank}",
        "local_rank": "0 of 1",
        "cores": "0-3",
        "numa": "0",
        "intra_threads": "4",
        "inter_threads": "2",
        "oneDNN": "on",
        "python": "3.11.7",
        "tensorflow": "2.21.0",
        "horovod": "0.28.1",
        "heitler": "abc",
        "clock_s": 100.0,
        "data": {"data/prepared/train.h5": "d1"},
    } | changes


def test_equal_workers_have_no_differences() -> None:
    assert differences([report(0), report(1), report(2)]) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tensorflow": "2.20.0"}, "Worker 1 on node1 has tensorflow 2.20.0, the others 2.21.0"),
        ({"python": "3.12.1"}, "has python 3.12.1, the others 3.11.7. Build the environment"),
        ({"heitler": "xyz"}, "has heitler xyz, the others abc. Give all hosts the same checkout"),
        ({"oneDNN": "off"}, "has oneDNN off, the others on. Set TF_ENABLE_ONEDNN_OPTS=1"),
        ({"data": {}}, "Worker 1 on node1 does not see data/prepared/train.h5"),
        ({"data": {"data/prepared/train.h5": "d2"}}, "has another content of data/prepared"),
        ({"clock_s": 107.0}, r"has a clock +7.0 s from rank 0's"),
    ],
)
def test_the_odd_one_out_is_named(change: dict[str, Any], message: str) -> None:
    [fault] = differences([report(0), report(1, **change), report(2)])
    assert message in fault


def test_the_table_has_a_line_per_worker_and_the_versions() -> None:
    table = worker_table([report(0), report(1, clock_s=100.25)])
    assert "node0" in table
    assert "node1" in table
    assert "+0.250 s" in table
    assert "tensorflow 2.21.0" in table
