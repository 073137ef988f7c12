"""What the workers print, readable: no labels for rank 0, the others' number, no noise."""

import re
from collections.abc import Callable, Iterable, Iterator

# horovodrun: "[0]<stdout>:text"; Intel MPI: "[0] text"; Open MPI: "[1,0]<stdout>:text".
WORKER_LINE = re.compile(
    r"^\[(?:\d+,)?(?P<rank>\d+)\](?:<(?:stdout|stderr)>:| )(?P<text>.*)$", re.DOTALL
)
# Lines of TensorFlow's C++, printed before its log level is in force or harmless.
NOISE = re.compile(
    r"absl::InitializeLog|port\.cc:\d+\]|cpu_feature_guard|^To enable the following"
    r"|oneDNN supports DT_INT32|Horovod background loop uncaught exception"
    r"|^(Terminated|Killed)?\s*$"  # what shells say of their ended children
)


def readable(
    lines: Iterable[str],
    note: Callable[[str], bool],
    for_launcher: Callable[[str], bool] = lambda text: False,
) -> Iterator[str]:
    """The workers' own words from a launcher's output, without labels and noise.

    Args:
        note: told of the launcher's own lines; whether one is about how workers ended. From the
            first of these on, other lines of the launcher only tell of itself.
        for_launcher: told of the workers' lines; whether one is not to be shown.
    """
    ending = False
    for line in lines:
        match = WORKER_LINE.match(line)
        if for_launcher(match["text"] if match else line):
            continue
        if match is None:
            about_ends = note(line)
            ending |= about_ends
            if ending:
                continue
        rank, text = (match["rank"], match["text"]) if match else ("0", line)
        if not NOISE.search(text):
            yield text if rank == "0" and not ending else f"worker {rank}: {text}"
