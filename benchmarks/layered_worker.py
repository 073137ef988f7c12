"""One backend of a layered generator on one core: `layered_worker.py BACKEND FOLDER`.

Answers each batch size on standard input with the seconds of one call, as generator_worker.py does.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
from generator_worker import answer


def main() -> None:
    backend, folder = sys.argv[1], Path(sys.argv[2])
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # before threads are counted
    from heitler.generation.sampler import PERPENDICULAR_RAD, load_sampler

    sampler = load_sampler(folder, backend)
    stream, warm = np.random.Generator(np.random.Philox(1)), set()
    answer({})
    for line in sys.stdin:
        batch = int(line)
        energy = stream.uniform(*sampler.energy_range_GeV, batch).astype(np.float32)
        latent = sampler.draw_latent(stream, energy, np.full_like(energy, PERPENDICULAR_RAD))
        if batch not in warm:
            sampler.generate_cells(latent)
            warm.add(batch)
        wall, cpu = time.perf_counter(), time.process_time()
        sampler.generate_cells(latent)
        answer({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu})


if __name__ == "__main__":
    main()
