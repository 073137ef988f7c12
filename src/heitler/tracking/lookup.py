"""Finding runs again, in whichever store they are, and whether their process still writes."""

import itertools
import os
import platform

import mlflow
import psutil
from mlflow import MlflowClient
from mlflow.entities import Run

from heitler.tracking.store import (
    EXPERIMENT,
    connect,
    connect_offline_store_of,
    has_store,
    is_offline,
)

SAME_START_S = 10.0
"""The system's clock may be set while a process runs, and its start time moves along."""


def this_process() -> str:
    """Machine, process number and start time, which no two processes share."""
    pid = os.getpid()
    return f"{platform.node()} {pid} {psutil.Process(pid).create_time():.0f}"


def has_ended(process: str) -> bool:
    """Whether a process, as named by `this_process`, is gone; False for other machines' ones."""
    match process.split(" "):
        case [node, pid, start] if node == platform.node():
            return not _is_running(int(pid), float(start))
    return False


def _is_running(pid: int, start: float) -> bool:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - start) < SAME_START_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


PROCESS_TAG = "heitler.process"
"""Which process writes a run."""
SYNCED_TAG = "heitler.synced_from"
"""The id that a run had in the offline store from which it was merged."""


def connect_to_run(run_id: str) -> str | None:
    """Connect to the store that has a run; its id there, None if no store has it.

    Runs that `heitler sync` merged are found by the id that they had before.
    """
    if not is_offline():
        connect()
        try:
            active = mlflow.get_run(run_id).info.lifecycle_stage == "active"
            return run_id if active else None
        except mlflow.MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise  # such as without the right: it may be there
        if synced := synced_run(MlflowClient(), run_id):
            return synced
    return run_id if connect_offline_store_of(run_id) else None


def synced_run(client: MlflowClient, offline_id: str) -> str | None:
    """Id of the run that was merged from an offline run."""
    found = search(client, f"tags.`{SYNCED_TAG}` = '{offline_id}'")
    return found[0].info.run_id if found else None


def numbered(name: str) -> str:
    """The name, with a number if the experiment already has a run of that name."""
    found = search(MlflowClient(), f"attributes.run_name LIKE '{name}%'")
    taken = {run.info.run_name for run in found}
    candidates = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)


def close_abandoned_runs() -> None:
    """Mark as killed what is said to run, but whose process on this machine is gone.

    A process that was killed outright could not do so itself. Offline runs wait for
    `heitler sync`.
    """
    if not is_offline() and has_store():
        connect()
        client = MlflowClient()
        for run in search(client, "attributes.status = 'RUNNING'"):
            if has_ended(run.data.tags.get(PROCESS_TAG, "")):
                client.set_terminated(run.info.run_id, "KILLED")


def search(client: MlflowClient, condition: str = "") -> list[Run]:
    """All runs of the project's experiment that meet a condition, oldest first."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs: list[Run] = []
    token = None
    while experiment:
        page = client.search_runs(
            [experiment.experiment_id],
            condition,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        runs += page
        token = page.token
        if not token:
            break
    return runs
