"""Start a stage's script on several Horovod workers."""

import os
import re
import subprocess
import sys

# Set by horovodrun (Gloo), Intel MPI and MPICH, Open MPI: this process is already a worker.
RANK_VARIABLES = ("HOROVOD_RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK")
WORKER_LINE = re.compile(r"^\[(\d+)\]<(?:stdout|stderr)>:(.*)$", re.DOTALL)
# Lines that TensorFlow's C++ prints before its log level is in force.
NOISE = re.compile(r"absl::InitializeLog|port\.cc:\d+\]|cpu_feature_guard|^To enable the following")


def launched_rank() -> int | None:
    """This process's rank if a launcher started it, else None."""
    ranks = [os.environ[name] for name in RANK_VARIABLES if name in os.environ]
    return int(ranks[0]) if ranks else None


def run_workers(workers: int, script: str) -> int:
    """Run a Python script on `workers` local Horovod processes; return the exit code.

    Rank 0's lines are shown as they are, the others' with the worker's number.
    """
    command = [sys.executable, "-m", "horovod.runner.launch", "--gloo", "-np", str(workers)]
    process = subprocess.Popen(
        [*command, sys.executable, "-u", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            shown = _readable(line)
            if shown is not None:
                print(shown, end="", flush=True)
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _readable(line: str) -> str | None:
    match = WORKER_LINE.match(line)
    rank, text = (match[1], match[2]) if match else ("0", line)
    if NOISE.search(text):
        return None
    return text if rank == "0" else f"worker {rank}: {text}"
