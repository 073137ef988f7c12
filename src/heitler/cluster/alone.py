"""Workers that one launcher starts together but that do not work together."""

import os

from heitler.base.stage import launched_rank

OWN_WORLD = {
    "HOROVOD_RANK": "0",
    "HOROVOD_SIZE": "1",
    "HOROVOD_LOCAL_RANK": "0",
    "HOROVOD_LOCAL_SIZE": "1",
    "HOROVOD_CROSS_RANK": "0",
    "HOROVOD_CROSS_SIZE": "1",
    "HOROVOD_CONTROLLER": "gloo",  # also where MPI has started it, which is not asked then
    "HOROVOD_CPU_OPERATIONS": "gloo",
}
OTHERS = ("HOROVOD_GLOO_RENDEZVOUS_ADDR", "HOROVOD_GLOO_RENDEZVOUS_PORT")
"""Where the launcher tells the workers of each other."""


def leave_the_others() -> int:
    """Make this process, started by horovodrun or mpirun, a world of its own before it joins one.

    Returns:
        Its rank among those started with it.
    """
    rank = launched_rank() or 0
    os.environ.update(OWN_WORLD)
    for name in OTHERS:
        os.environ.pop(name, None)
    return rank
