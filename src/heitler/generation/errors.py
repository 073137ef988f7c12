"""The error of this folder."""

from heitler.base.errors import HeitlerError


class GenerationError(HeitlerError):
    """The generator's folder is incomplete, or it was asked for something impossible."""
