"""Options that say of a shower file what it does not say itself: shape, unit, scale, particle."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heitler.data.any_format import Wishes
    from heitler.data.layouts import Shape

ROLES = ("generated", "truth", "reference")
"""What the files of `heitler validate` are."""
PARTICLES = ("e-", "e+", "gamma")
ShapeOption = Annotated[
    str | None, typer.Option("--shape", help="X,Y,Z of CaloChallenge files, such as 16,9,45.")
]
Unit = Annotated[
    list[str] | None,
    typer.Option(
        "--unit",
        help="eV, keV, MeV, GeV or TeV: of cells and energies, whatever the file says. Of one of "
        "several files: --unit truth=MeV.",
    ),
]
Scale = Annotated[
    list[str] | None,
    typer.Option(
        "--scale",
        help="What cells are divided by, such as 50 or 1 for CERN's variable-angle files. Of one "
        "of several files: --scale truth=50.",
    ),
]
Particle = Annotated[
    list[str] | None,
    typer.Option(
        "--particle",
        help="e-, e+ or gamma: the one to take where a file mixes several, or what it is where "
        "the file does not say. Of one of several files: --particle truth=e-.",
    ),
]


def wishes_for(
    role: str,
    shape: str | None,
    unit: Sequence[str] | None,
    scale: Sequence[str] | None,
    particle: Sequence[str] | None,
) -> "Wishes":
    """What the options say of the file with a role, such as truth; none where there is one file."""
    from heitler.data.any_format import Wishes
    from heitler.data.units import UnitError, as_unit

    said_unit, said_scale = _said("--unit", role, unit), _said("--scale", role, scale)
    said_particle = _said("--particle", role, particle)
    if said_particle and said_particle not in PARTICLES:
        raise typer.BadParameter(f"--particle is {said_particle!r}. Known: {', '.join(PARTICLES)}.")
    try:
        checked = as_unit(said_unit, "--unit") if said_unit else None
    except UnitError as error:
        raise typer.BadParameter(str(error)) from None
    named = f" {role}=" if role else ""
    return Wishes(
        unit=checked,
        scale=_positive(said_scale),
        for_all=bool(role) and not _names(role, [*(unit or ()), *(scale or ())]),
        particle=said_particle,
        shape=parse_shape(shape),
        theta_rad=math.pi / 2,
        options=(f"--unit{named}", f"--scale{named}", f"--particle{named}"),
    )


def parse_shape(text: str | None) -> "Shape | None":
    """X, Y, Z from "16,9,45"."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if len(words) != 3 or not all(w.isascii() and w.isdigit() and int(w) > 0 for w in words):
        raise typer.BadParameter(f"--shape is {text!r}. Give three numbers above 0: X,Y,Z.")
    return int(words[0]), int(words[1]), int(words[2])


def _said(option: str, role: str, values: Sequence[str] | None) -> str | None:
    """The value for a role: the one that names it, or else the one for all."""
    for_all, for_role = None, None
    for value in values or ():
        name, equals, rest = value.partition("=")
        if not equals:
            for_all = _only(option, value, for_all)
        elif name == role:
            for_role = _only(option, rest, for_role)
        elif name not in ROLES or not role:
            files = f"The files are {', '.join(ROLES)}." if role else "There is one: leave it out."
            raise typer.BadParameter(f"{option} {value}: {name!r} is no file. {files}")
    return for_role or for_all


def _names(role: str, values: Sequence[str]) -> bool:
    return any(value.startswith(f"{role}=") for value in values)


def _only(option: str, value: str, before: str | None) -> str:
    if before is not None:
        raise typer.BadParameter(f"{option} is given as {before} and as {value}. Give it once.")
    return value


def _positive(text: str | None) -> float | None:
    from heitler.config.yaml_text import parse_decimal, suggestion

    if text is None:
        return None
    number = parse_decimal(text)
    if number is None or number <= 0:
        hint = suggestion(text) if number is None else ""
        raise typer.BadParameter(f"--scale is {text!r}. {hint}Give a number above 0, such as 50.")
    return number


def finite(value: float | None) -> float | None:
    """Refuse nan and inf, which compare with limits as if they kept them."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number to calculate with. Give a finite one.")
    return value
