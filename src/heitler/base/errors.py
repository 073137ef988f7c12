"""The bases of what this project raises on purpose."""


class HeitlerError(Exception):
    """Says what is wrong, where, and the remedy; shown to the user without a traceback."""


class Interrupted(KeyboardInterrupt):
    """Stopped as the user asked; what is saved and how to go on was said. Exit code 130."""


class ConfigError(HeitlerError, ValueError):
    """A parameter is missing, unknown, of the wrong type, or impossible."""


class LaunchError(HeitlerError):
    """The workers cannot be started as the section `cluster` of params.yaml says."""
