"""TensorFlow, Horovod, Geant4 and all native modules, tried in programs of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heitler.base.errors import LaunchError
from heitler.cluster.commands import find_mpirun
from heitler.config import ConfigError, load_config
from heitler.doctor.finding import REBUILD, Finding, broken, check, note, ok
from heitler.doctor.native import advice
from heitler.simulation.environment import geant4_environment

LONGEST_WAIT_S = 300
"""TensorFlow takes seconds; minutes on a busy machine, or from a cluster's file system."""
NO_ANSWER = "no answer"
GEANT4_PROGRAM = """
import json
from heitler.simulation.bindings import REPLACED, g4
version = g4.G4Version.strip("$").removeprefix("Name: ").strip()
print(json.dumps({"version": version, "replaced": REPLACED}))
"""


@check("TensorFlow")
def check_tensorflow_and_horovod() -> list[Finding]:
    """Both at work, with oneDNN, and built for each other."""
    code, output, complaint = _run(["-m", "heitler.cluster.probe"])
    told: dict[str, Any] = {}
    for line in output.splitlines():
        if line.startswith("{"):
            told |= json.loads(line)
    if "tensorflow" not in told:
        return [broken("TensorFlow", _reason(code, complaint), _remedy(code, complaint))]
    findings = [_tensorflow(told), _onednn(told)]
    if "horovod" not in told:
        remedy = _remedy(code, complaint)
        return [*findings, broken("Horovod", _reason(code, complaint), remedy)]
    return [*findings, *_horovod(told)]


def _tensorflow(told: Mapping[str, Any]) -> Finding:
    if not told["convolves"]:
        return broken("TensorFlow", f"{told['tensorflow']} computes wrongly", REBUILD)
    return ok("TensorFlow", f"{told['tensorflow']}, a 3D convolution is right")


def _onednn(told: Mapping[str, Any]) -> Finding:
    if told["onednn"]:
        return ok("oneDNN", "on")
    value = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "not set")
    found = f"off (TF_ENABLE_ONEDNN_OPTS is {value}): training is refused"
    return broken("oneDNN", found, "unset TF_ENABLE_ONEDNN_OPTS")


def _horovod(told: Mapping[str, Any]) -> list[Finding]:
    name = f"{told['horovod']}, built for TensorFlow {told['built_for']}"
    if told["built_for"] != told["tensorflow"]:
        found = f"{name}, but TensorFlow is {told['tensorflow']}"
        return [broken("Horovod", found, REBUILD)]
    if not told["reduces"]:
        return [broken("Horovod", f"{name}, sums wrongly", REBUILD)]
    if not told["gloo"]:
        return [broken("Horovod", f"{name}, without Gloo", REBUILD)]
    return [ok("Horovod", f"{name}; backend Gloo"), _mpi(built=told["mpi"])]


def _mpi(*, built: bool) -> Finding:
    if not built:
        return note("MPI", "Horovod was built without", f"For launchers mpi and slurm: {REBUILD}")
    try:
        launcher = find_mpirun(load_config().cluster)
    except LaunchError as error:
        return broken("MPI", str(error))
    except ConfigError:
        return note("MPI", "which mpirun depends on params.yaml", "Mend params.yaml first.")
    return ok("MPI", f"Horovod's backend MPI; {launcher}")


@check("Geant4")
def check_geant4() -> list[Finding]:
    """Whether the bindings load; they open no table before a run starts."""
    code, output, complaint = _run(["-c", GEANT4_PROGRAM], geant4_environment(Path("data/tables")))
    if code:
        return [broken("Geant4", _reason(code, complaint), REBUILD)]
    told = json.loads(output.strip().splitlines()[-1])
    if told["replaced"]:
        instead = f"empty stand-ins for {', '.join(told['replaced'])}, which it never calls"
        return [ok("Geant4", f"{told['version']}, with {instead}")]
    return [ok("Geant4", told["version"])]


@check("native modules")
def check_native_modules() -> list[Finding]:
    """Whether this machine has the system libraries that the packages want."""
    code, output, complaint = _run(["-m", "heitler.doctor.native", "--json"])
    if code:
        return [broken("native modules", _reason(code, complaint), REBUILD)]
    told = json.loads(output)
    if told["missing"]:
        return [broken("native modules", advice(told["missing"]))]
    return [ok("native modules", f"all {told['modules']} can be loaded")]


def _run(arguments: list[str], variables: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, output and error output of a Python program."""
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=LONGEST_WAIT_S
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"{NO_ANSWER} within {LONGEST_WAIT_S} s"
    return done.returncode, done.stdout, done.stderr


def _remedy(code: int, complaint: str) -> str:
    """Against what ended the program; only what a new environment mends asks for one."""
    if code == -signal.SIGKILL:
        return "Too little memory, perhaps: free -h; dmesg | tail"
    if code == -signal.SIGILL:
        return f"Perhaps this processor lacks AVX (grep avx /proc/cpuinfo), else: {REBUILD}"
    if complaint.startswith(NO_ANSWER):
        return "The machine or its disk is busy: try again later."
    return REBUILD


def _reason(code: int, complaint: str) -> str:
    """The last line of a traceback, or the signal that ended the program."""
    if code < 0:
        return f"ended by {signal.Signals(-code).name} while it was loaded"
    lines = [line for line in complaint.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit code {code}"
