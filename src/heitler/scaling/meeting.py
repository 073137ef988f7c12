"""Independent processes of one machine that begin and end together, through files in a folder."""

import time
from pathlib import Path

from heitler.base.errors import HeitlerError

POLL_S = 0.01
LONGEST_WAIT_S = 600.0


class MeetingError(HeitlerError):
    """Another process did not come."""


class Meeting:
    """Of `size` processes, each with a place; a meeting is held once."""

    def __init__(self, folder: Path, place: int, size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.place, self.size = folder, place, size

    def say(self, word: str) -> None:
        """Tell the others that this process has come to `word`."""
        (self.folder / f"{word}-{self.place}").touch()

    def all_said(self, word: str) -> bool:
        """Whether every process has."""
        return all((self.folder / f"{word}-{place}").exists() for place in range(self.size))

    def wait(self, word: str) -> None:
        """Say a word and return when all have said it.

        Raises:
            MeetingError: if one does not within ten minutes.
        """
        self.say(word)
        deadline = time.monotonic() + LONGEST_WAIT_S
        while not self.all_said(word):
            if time.monotonic() > deadline:
                raise MeetingError(
                    f"{self.folder}: not all {self.size} independent processes came to {word!r} "
                    f"within {LONGEST_WAIT_S:.0f} s. Look above for why one ended, then try again."
                )
            time.sleep(POLL_S)
