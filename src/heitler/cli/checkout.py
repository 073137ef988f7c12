"""`heitler checkout`: go back to a run."""

from typing import Annotated

import typer

from heitler.base.place import require_project


def checkout(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Run name, run id, or name of a DVC experiment: heitler compare."
        ),
    ],
) -> None:
    """Bring code, parameters and data of a run back into this working copy.

    Code comes from git, data from DVC's cache. Nothing uncommitted is overwritten: commit it or
    `git stash` first.

    Examples:

    heitler checkout paper-2w-b8-5ep

    heitler checkout batty-waft
    """
    from heitler.tracking.restore import restore

    require_project()
    found = restore(run)
    what = f"DVC experiment {found.experiment}" if found.experiment else "commit"
    print(f"Run {found.run_name} ({found.run_id}): code of {what} {found.revision[:10]}.")
    if found.files:
        print(f"{' and '.join(found.files)} are the run's own, and so is the data.")
    for note in found.notes:
        print(f"Note: {note}")
    discard = " --discard-changes" if found.files else ""
    print(f"Back again: git switch{discard} - && dvc checkout")
