"""What the workers print, readable: no labels for rank 0, the others' number, no noise."""

import re
from collections.abc import Iterable, Iterator

# horovodrun: "[0]<stdout>:text"; Intel MPI: "[0] text"; Open MPI: "[1,0]<stdout>:text".
WORKER_LINE = re.compile(
    r"^\[(?:\d+,)?(?P<rank>\d+)\](?:<(?:stdout|stderr)>:| )(?P<text>.*)$", re.DOTALL
)
# Lines of TensorFlow's C++, printed before its log level is in force or harmless.
NOISE = re.compile(
    r"absl::InitializeLog|port\.cc:\d+\]|cpu_feature_guard|^To enable the following"
    r"|oneDNN supports DT_INT32"
)
# From here on horovodrun only tells of itself that a worker failed; the worker has said why.
LAUNCHER_EPILOGUE = re.compile(r"^Process \d+ exit with status code|^Terminating remaining workers")


def readable(lines: Iterable[str]) -> Iterator[str]:
    """The workers' own words from a launcher's output, without labels and noise."""
    for line in lines:
        match = WORKER_LINE.match(line)
        if match is None and LAUNCHER_EPILOGUE.match(line):
            break
        rank, text = (match["rank"], match["text"]) if match else ("0", line)
        if not NOISE.search(text):
            yield text if rank == "0" else f"worker {rank}: {text}"
    for line in lines:  # the workers' last words may come after the launcher's first
        match = WORKER_LINE.match(line)
        if match and not NOISE.search(match["text"]):
            yield f"worker {match['rank']}: {match['text']}"
