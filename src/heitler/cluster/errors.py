"""What stops workers from being started."""

from heitler.base.errors import HeitlerError


class LaunchError(HeitlerError):
    """The workers cannot be started as the section `cluster` of params.yaml says."""
