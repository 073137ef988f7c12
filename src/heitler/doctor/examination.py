"""All checks, in the order in which to mend what they find."""

from concurrent.futures import ThreadPoolExecutor

from heitler.doctor.finding import Finding
from heitler.doctor.libraries import (
    check_geant4,
    check_native_modules,
    check_tensorflow_and_horovod,
)
from heitler.doctor.machine import check_cores, check_disk, check_memory, check_network
from heitler.doctor.project import (
    check_dvc,
    check_locks,
    check_packages,
    check_parameters,
    check_python,
    check_shell,
    check_store,
    check_tables,
)

CHECKS = (
    check_python,
    check_packages,
    check_shell,
    check_native_modules,
    check_tensorflow_and_horovod,
    check_geant4,
    check_tables,
    check_parameters,
    check_locks,
    check_dvc,
    check_store,
    check_cores,
    check_memory,
    check_disk,
)


def examine(port: int) -> list[Finding]:
    """Run all checks, side by side: the slow ones wait for programs that they start."""
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(check) for check in CHECKS]
        waiting.append(pool.submit(check_network, port))
        return [finding for done in waiting for finding in done.result()]
