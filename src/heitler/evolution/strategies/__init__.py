"""One strategy per file, behind the interface of `heitler.evolution.strategies.base`."""
