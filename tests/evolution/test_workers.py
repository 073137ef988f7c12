"""Real Horovod workers."""

import numpy as np

from heitler.cluster.launch import run_workers
from heitler.evolution.journal import Journal


def test_one_and_two_workers_evolve_bit_for_bit_the_same(make_config, tmp_path):
    for workers in (1, 2):
        program = "tests/evolution/evolve_program.py"
        arguments = (str(workers), str(tmp_path))
        assert run_workers(make_config().cluster, workers, program, *arguments) == 0
    for name in ("one-plus-lambda", "antithetic", "cma", "nevergrad"):
        alone = np.load(tmp_path / f"{name}-1-rank0.npy")
        losses = Journal.load(tmp_path / f"{name}-1.npz", "f").losses
        for rank in range(2):
            other = np.load(tmp_path / f"{name}-2-rank{rank}.npy")
            np.testing.assert_array_equal(other, alone)
        told = Journal.load(tmp_path / f"{name}-2.npz", "f").losses
        np.testing.assert_array_equal(np.concatenate(told), np.concatenate(losses))
