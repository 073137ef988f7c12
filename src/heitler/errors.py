"""The base of every error that this project raises on purpose."""


class HeitlerError(Exception):
    """Says what is wrong, where, and the remedy; shown to the user without a traceback."""
