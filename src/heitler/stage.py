"""Run a pipeline stage as a program: our errors become a message and an exit code."""

import signal
import sys
from collections.abc import Callable

from heitler.errors import HeitlerError, Interrupted


def run_stage(main: Callable[[], None]) -> None:
    """Run `main`; an error of ours, Ctrl-C or SIGTERM ends the program without a traceback.

    SIGTERM, which batch systems send, becomes an exception, so that `finally` blocks stop child
    processes and remove temporary files.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        main()
    except HeitlerError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt as stopped:
        if not isinstance(stopped, Interrupted):
            print("Interrupted.", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
