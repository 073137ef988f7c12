"""Reference values of FPD and KPD from jetnet, which needs PyTorch and is no dependency here.

    python -m venv jn && jn/bin/pip install --no-deps jetnet==0.2.5 energyflow numba llvmlite \
        scipy numpy torch typing_extensions filelock sympy mpmath networkx jinja2 fsspec
    jn/bin/python tests/validation/jetnet_reference.py

prints the numbers in tests/validation/test_frechet.py. Only jetnet's module of metrics is loaded:
its data sets would need much more.
"""

import importlib.util
import sys
import types
from pathlib import Path

import numpy as np


def load_jetnet_metrics() -> types.ModuleType:
    [folder] = importlib.util.find_spec("jetnet").submodule_search_locations
    for name in ("jetnet", "jetnet.datasets", "jetnet.utils", "energyflow", "energyflow.emd"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["jetnet"].utils = sys.modules["jetnet.utils"]
    sys.modules["jetnet.datasets"].JetNet = None
    sys.modules["energyflow.emd"].emds = None
    path = Path(folder) / "evaluation/gen_metrics.py"
    sys.modules["jetnet.evaluation"] = package = types.ModuleType("jetnet.evaluation")
    package.__path__ = [str(path.parent)]
    sys.modules["jetnet.evaluation.particlenet"] = particlenet = types.ModuleType("particlenet")
    particlenet._ParticleNet = None
    spec = importlib.util.spec_from_file_location("jetnet.evaluation.gen_metrics", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def correlated(rows: int, seed: int, shift: float) -> np.ndarray:
    """(rows, 6): correlated, one column skewed, one constant."""
    random = np.random.default_rng(seed)
    mixed = random.normal(shift, 1, (rows, 4)) @ np.array(
        [[1, 0.5, 0, 0.2], [0, 1, 0.3, 0], [0, 0, 1, 0.7], [0, 0, 0, 1]]
    )
    return np.column_stack([mixed, random.gamma(2 + shift, 1, rows), np.zeros(rows)])


if __name__ == "__main__":
    metrics = load_jetnet_metrics()
    truth, generated = correlated(3000, 1, 0.0), correlated(3000, 2, 0.3)
    print("fpd", metrics.fpd(truth, generated, min_samples=1200, max_samples=3000))
    print("kpd", metrics.kpd(truth, generated, batch_size=300))
