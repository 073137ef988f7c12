"""One strategy per file, named as `evolve.strategies` does: `heitler.evolution.strategy`."""
