"""Run as a Horovod worker by the tests."""

import os
import sys
import time

import tensorflow as tf

from heitler.cluster.world import (
    gather_arrays,
    join_world,
    share_object,
    sum_over_workers,
    wait_for_all,
)

what = sys.argv[1] if len(sys.argv) > 1 else os.environ["HEITLER_TEST_PROGRAM"]
if what == "wait":
    print(f"pid {os.getpid()}", flush=True)
    time.sleep(300)
world = join_world(int(os.environ.get("HEITLER_TEST_WORKERS", "2")), 1)
if what == "stay":
    print(f"pid {os.getpid()}", flush=True)
    time.sleep(300)
if what == "fail" and world.rank == 1:
    sys.exit("worker has a reason")
if what == "meet":
    wait_for_all()
    print(f"pid {os.getpid()}", flush=True)
    while True:
        wait_for_all()
        time.sleep(0.05)
rank = tf.constant(float(world.rank))
[total, ones] = sum_over_workers([rank, tf.ones(3)], "test")
parts = gather_arrays(tf.fill([world.rank + 1], world.rank).numpy(), "parts")
print(f"{world.rank}/{world.size} {float(total)} {ones.numpy()} {parts} {share_object(world.rank)}")
