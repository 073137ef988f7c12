"""A run whose store may fail: what it does not take is kept in a file, and recorded later.

Records are passed to the store by a thread, so that a slow or locked store does not slow what is
recorded. After the first failure all further records go to `mlruns/spool/<run id>.json`, in order;
now and then, and by `heitler sync`, they are tried again. Each record can be repeated without
effect, so the store has it once even if it had taken it before it failed.
"""

import json
import math
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from heitler.base.causes import system_cause
from heitler.base.errors import HeitlerError
from heitler.base.files import write_json
from heitler.tracking.store import runs_folder

Record = dict[str, Any]
"""`what` and its `arguments`, of JSON's types."""
RETRY_S = 60.0
LONGEST_CLOSE_S = 30.0
ARTIFACTS = ("log_files", "log_generator")
"""Records that may fail by themselves."""


def spool_folder() -> Path:
    """Where the records that a store did not take wait."""
    return runs_folder() / "spool"


class Spool:
    """Records of one run on their way to its store."""

    def __init__(self, run_id: str, record: Callable[[Record], None]) -> None:
        """Records are given to `record`, which may raise."""
        self.path = (spool_folder() / f"{run_id}.json").resolve()
        self._record = record
        self._waiting: list[Record] = []
        try:
            self._waiting = read_records(self.path)
        except SpoolError as error:
            self.path = self.path.with_name(f"{run_id}.{os.getpid()}.json")
            print(f"Warning: {error} New records go to {self.path.name} beside it.", flush=True)
        self._coming: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self._failed_at = -math.inf
        self._given_up = False  # the file then has what the thread may still be at
        self._store = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def put(self, what: str, **arguments: Any) -> None:
        """Take a record, for the thread."""
        self._idle.clear()
        self._coming.put({"what": what, "arguments": arguments})

    def put_now(self, what: str, **arguments: Any) -> None:
        """Take a record that must be recorded from this thread, after those before it."""
        if self._idle.wait(LONGEST_CLOSE_S) and self._store.acquire(timeout=LONGEST_CLOSE_S):
            try:
                self._take({"what": what, "arguments": arguments})
            finally:
                self._store.release()
        else:
            self.put(what, **arguments)

    def replay(self) -> None:
        """Try now what waits."""
        with self._store:
            self._pass_on()

    def close(self) -> None:
        """Wait for the store, but not long; what it has not taken by then is kept."""
        self._coming.put(None)
        self._thread.join(LONGEST_CLOSE_S)
        if self._thread.is_alive():
            left = list(self._waiting)
            while not self._coming.empty():
                left += filter(None, [self._coming.get_nowait()])
            self._keep(left, "it did not answer in time")
            self._given_up = True

    def _work(self) -> None:
        while (record := self._coming.get()) is not None:
            with self._store:
                self._take(record)
            if self._coming.empty():
                self._idle.set()
        with self._store:
            self._pass_on()

    def _take(self, record: Record) -> None:
        """Pass on what waits and then this record, or let it wait too."""
        self._waiting.append(record)
        if time.monotonic() - self._failed_at < RETRY_S:
            self._keep(self._waiting, "")
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        """Give all that waits to the store, in order; a faulty artifact holds up no other."""
        held: list[Record] = []
        while self._waiting:
            try:
                self._record(self._waiting[0])
            except Exception as error:  # whatever the store raises: the run goes on
                self._waiting[0] = self._with_copy(self._waiting[0])
                self._keep([*held, *self._waiting], str(error))
                if self._waiting[0]["what"] not in ARTIFACTS:
                    self._failed_at = time.monotonic()
                    break
                held.append(self._waiting[0])
            del self._waiting[0]
        self._waiting = [*held, *self._waiting]
        if not self._waiting and not self._given_up:
            self.path.unlink(missing_ok=True)
            shutil.rmtree(self.path.with_suffix(""), ignore_errors=True)

    def _with_copy(self, record: Record) -> Record:
        """The record with a copy of its folder, which may change or go away before it is taken."""
        folder = Path(record["arguments"].get("folder", ""))
        copies = self.path.with_suffix("")
        if "folder" not in record["arguments"] or copies in folder.parents:
            return record
        copy = copies / f"{len(list(copies.glob('*')))}"
        try:
            shutil.copytree(folder, copy)
        except OSError:
            return record
        return record | {"arguments": record["arguments"] | {"folder": str(copy)}}

    def _keep(self, records: list[Record], reason: str) -> None:
        """Write the records to the file, or say that not even that can be done."""
        if self._given_up:
            return
        if reason:
            print(
                f"Warning: MLflow does not take records ({' '.join(reason.split())[:200]}). The "
                f"run goes on; they are kept in {self.path.parent}: heitler sync",
                flush=True,
            )
        try:
            write_json(self.path, records)
        except OSError as error:
            print(f"Warning: {self.path} cannot be written ({error.strerror}).", flush=True)


class SpoolError(HeitlerError):
    """A file of the spool is there, but cannot be read."""


def read_records(path: Path) -> list[Record]:
    """The records in a file of the spool; none if it is not there.

    Raises:
        SpoolError: if it cannot be read; it is all that there is of these records.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SpoolError(system_cause(error, path).sentence(path, "")) from None
    except ValueError as error:
        raise SpoolError(f"{path}: is damaged ({error}); it is left as it is.") from None
    return [dict(entry) for entry in content if isinstance(entry, Mapping)]
