"""What decides a run: its checkpoint is of use only where all of this is the same."""

from heitler.config import EvolveConfig, as_dict
from heitler.files import digest
from heitler.tracking.provenance import source_digest

BUDGET = ("cost_epochs", "seeds", "strategies", "by_strategy")
"""How much is run: a larger budget continues the same run."""
BESIDE = ("workers", "energy_bins")
"""What no loss depends on."""


def run_fingerprint(evolve: EvolveConfig, data_digest: str, name: str, seed: int) -> str:
    """Of one strategy (or rmsprop) with one seed, on showers of this digest."""
    decisive = as_dict(evolve.of_strategy(name))
    for key in (*BUDGET, *BESIDE):
        del decisive[key]
    if name != "memetic":
        del decisive["memetic_share"]
    return digest([decisive, data_digest, name, seed, source_digest("evolution")])
