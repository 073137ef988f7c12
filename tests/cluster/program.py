"""Run as a Horovod worker by the tests."""

import os
import signal
import sys
import time
from pathlib import Path

what = sys.argv[1]
if what == "wait":
    print(f"pid {os.getpid()}", flush=True)
    time.sleep(300)

import tensorflow as tf  # noqa: E402

from heitler.cluster.world import (  # noqa: E402
    gather_arrays,
    join_world,
    share_object,
    sum_over_workers,
    wait_for_all,
)


def be_late() -> None:
    """Until the file given as the second argument is there."""
    while not Path(sys.argv[2]).exists():
        time.sleep(0.05)


world = join_world(2, 1)
if what == "stay":
    print(f"pid {os.getpid()}", flush=True)
    time.sleep(300)
if what == "meet":
    asked: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, frame: asked.append(number))
    wait_for_all()
    print(f"pid {os.getpid()}", flush=True)
    while True:
        if asked:  # not wherever the signal comes: not between counting and coming to the others
            asked.clear()
            be_late()
        wait_for_all()
        time.sleep(0.05)
rank = tf.constant(float(world.rank))
[total, ones] = sum_over_workers([rank, tf.ones(3)], "test")
parts = gather_arrays(tf.fill([world.rank + 1], world.rank).numpy(), "parts")
shared = share_object(world.rank)
print(f"{world.rank}/{world.size} {float(total)} {ones.numpy()} {parts} {shared}", flush=True)
wait_for_all()
if world.rank == 1:
    join_world(3, 1)
wait_for_all()
