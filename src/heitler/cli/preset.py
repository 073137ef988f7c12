"""`heitler preset`: a named set of parameters, as overrides of `dvc exp run` or run at once."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from heitler.base.git import require_git
from heitler.base.place import require_project
from heitler.base.stage import refuse_during_sweep
from heitler.cli.before import SAME, become
from heitler.config import ConfigError, build_config, for_dvc, merged, read_params

PRESETS = Path("presets")


def preset(
    name: Annotated[
        str | None, typer.Argument(help="Such as smoke or paper. Default: list them.")
    ] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run the pipeline with it, or go on where it was stopped.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --run: print the command, and run nothing.")
    ] = False,
) -> None:
    """Print a preset of `presets/` as overrides for DVC, once it is checked.

    More overrides may follow; of two for the same parameter the last counts.

    Examples:

    heitler preset

    dvc exp run $(heitler preset smoke)

    dvc exp run --queue $(heitler preset paper) -S train.epochs=10

    heitler preset paper --run
    """
    if name is None:
        for path in sorted(PRESETS.glob("*.yaml")):
            print(f"{path.stem:18} {path.read_text().splitlines()[0].lstrip('# ')}")
        return
    changes = load_preset(name)
    before = read_params()
    after = merged(before, changes)
    build_config(after, f"{name} preset")
    if run:
        run_pipeline([] if after == before else overrides(changes, before), dry_run)
    else:
        print("\n".join(f"-S {override}" for override in overrides(changes, before)))


def run_pipeline(changes: list[str], dry_run: bool) -> None:
    """All stages: an experiment of these changes, or without any what was begun with them."""
    require_project()
    refuse_during_sweep()
    if changes:
        require_git()  # which keeps the experiment
        values = [word for change in changes for word in ("-S", change)]
        become(["dvc", "exp", "run", *values], dry_run=dry_run)
    else:
        print(SAME, flush=True)
        become(["dvc", "repro"], dry_run=dry_run)


def load_preset(name: str) -> dict[str, Any]:
    """What `presets/NAME.yaml` changes in `params.yaml`.

    Raises:
        ConfigError: naming the presets that there are; for one that is no or ambiguous YAML.
    """
    path = PRESETS / f"{name}.yaml"
    if not path.is_file():
        names = sorted(path.stem for path in PRESETS.glob("*.yaml"))
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names) or 'none'}."
        raise ConfigError(f"{path}: not found. {hint} Run from the project's top folder.")
    return read_params(path)


def overrides(changes: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[str]:
    """`section.key=value` in the syntax of Hydra, which DVC's `-S` takes.

    Args:
        changes: nested.
        parameters: to be changed; what they have not yet is added.
    """
    return [for_dvc(parameters, change) for change in _flat(changes)]


def _flat(changes: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}={_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_written(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if " " in str(value):
        raise ConfigError(f"{value!r} has a space in it, at which the shell would split it.")
    return str(value)
