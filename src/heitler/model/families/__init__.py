"""Families of networks, one module each with its `FAMILY`: `heitler.model.networks`."""
