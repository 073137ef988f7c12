"""The command `heitler`."""
