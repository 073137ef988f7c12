"""The champion of the model registry is the generator of the best physics, and answers by HTTP."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from heitler.generation.serving import served_generator
from heitler.tracking.registry import promote
from heitler.tracking.runs import open_run

DIGEST = "0123456789abcdef"
SECONDS_TO_START = 240


class Constant(mlflow.pyfunc.PythonModel):
    """Stands for a generator where only its place in the registry matters."""

    def predict(self, context: Any, model_input: list[float]) -> list[float]:
        return model_input


def card(fails: int, deviation: float) -> list[dict[str, Any]]:
    verdicts = ["fail"] * fails + ["pass"] * (5 - fails)
    lines: list[dict[str, Any]] = [
        {"name": f"line {i}", "verdict": verdict, "value": 1.0}
        for i, verdict in enumerate(verdicts)
    ]
    return [*lines, {"name": "response_max_deviation", "verdict": "pass", "value": deviation}]


def logged_run() -> str:
    with open_run("train") as run:
        # Named, so that MLflow does not look for them, which takes seconds.
        needs = ["numpy"]
        mlflow.pyfunc.log_model(name="generator", python_model=Constant(), pip_requirements=needs)
    return run.run_id


def test_the_best_score_card_makes_the_champion(store):
    poor, good, close = (logged_run() for _ in range(3))
    first = promote(poor, card(3, 0.01), DIGEST)
    assert (first.version, first.champion) == ("1", "1")
    assert promote(good, card(1, 0.02), DIGEST).champion == "2"
    assert promote(close, card(1, 0.03), DIGEST).champion == "2"
    again = promote(poor, card(3, 0.01), DIGEST)
    assert (again.version, again.champion) == ("1", "2")
    chosen = mlflow.MlflowClient().get_model_version_by_alias(again.model, "champion")
    assert chosen.run_id == good
    assert promote(poor, card(3, 0.01), "other showers").champion == "1"


def test_a_run_without_a_generator_or_an_unmeasurable_deviation_is_no_error(store):
    with open_run("nothing logged") as run:
        pass
    assert promote(run.run_id, card(0, 0.01), DIGEST) is None
    worst, better = logged_run(), logged_run()
    empty = [{"name": "response_max_deviation", "verdict": "fail", "value": None}]
    assert promote(worst, empty, DIGEST).champion == "1"
    assert promote(better, card(1, 0.5), DIGEST).champion == "2"


@pytest.fixture
def server(store: Path, generator_folder: Path) -> Iterator[str]:
    """`mlflow models serve` with the champion; the address that answers."""
    with open_run("train") as run:
        run.log_generator(generator_folder, served_generator((9, 9, 7)))
    promotion = promote(run.run_id, card(0, 0.01), DIGEST)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [Path(sys.executable).with_name("mlflow"), "models", "serve", "-m", promotion.uri]
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": f"sqlite:///{store / 'mlruns/mlflow.db'}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    log = store / "server.log"
    with log.open("w") as output:
        serving = subprocess.Popen(
            [*command, "--env-manager", "local", "--port", port, "--workers", "1"],
            env=environment,
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/ping", serving, log)
        yield address
    finally:
        serving.terminate()
        serving.wait(30)


def wait_for(address: str, serving: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(2 * SECONDS_TO_START):
        try:
            urllib.request.urlopen(address)
            return
        except (urllib.error.URLError, ConnectionError):
            assert serving.poll() is None, log.read_text()
            time.sleep(0.5)
    raise TimeoutError(log.read_text())


def ask(address: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{address}/invocations", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["predictions"]


def test_mlflows_server_makes_showers_at_the_energies_of_a_request(server):
    records = [{"primary_energy_GeV": 20}, {"primary_energy_GeV": 50.5}]
    showers = np.array(ask(server, {"dataframe_records": records}))
    assert showers.shape == (2, 9, 9, 7)
    assert (showers >= 0).all()
    assert (showers.sum(axis=(1, 2, 3)) > 0).all()
    again, other = (
        np.array(ask(server, {"dataframe_records": records, "params": {"seed": seed}}))
        for seed in (1, 2)
    )
    assert np.array_equal(showers, again)
    assert not np.array_equal(showers, other)
