"""The page of all parameters: names, types and limits from the config dataclasses, descriptions
from the docstrings under their fields and the comments of params.yaml, defaults from its values.
"""

import ast
import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
import yaml
from pydantic.fields import FieldInfo

from heitler.config import PARAMS_FILE, Config, read_params

UNITS = {
    "GeV": "GeV",
    "MeV": "MeV",
    "mm": "mm",
    "deg": "degrees",
    "s": "s",
    "hours": "hours",
    "sigmas": "standard deviations",
}
"""The last part of a parameter's name, and the unit that it stands for."""
HEAD = """# Parameters

Every knob is in `params.yaml`, which is the only place that has values. This page is made from the
dataclasses that check it (`src/heitler/config`) and from its comments. Unknown names, wrong types
and impossible values are refused before anything starts.

Change one with `heitler train --set train.epochs=10`; it stays in `params.yaml`.
"""
COMMENT = re.compile(r"\s#\s*(?P<text>.*)$")
KEY = re.compile(r"^(?P<indent>\s*)(?P<key>[A-Za-z_0-9]+):")


@dataclass(frozen=True)
class Parameter:
    """One row."""

    key: str
    """Dotted, as for `--set`."""
    kind: str
    """Type and limits in words."""
    unit: str
    default: str
    description: str


def parameters_page(params: Path = PARAMS_FILE) -> str:
    """The page in Markdown, a table per section."""
    values = read_params(params)
    comments = read_comments(params.read_text())
    pieces = [HEAD]
    for section in dataclasses.fields(Config):
        kind = _dataclass_of(section.type)
        pieces.append(f"\n## {section.name}\n\n{_first_paragraph(kind)}\n")
        rows = list(describe(kind, section.name, values[section.name], comments))
        pieces.append(_table(rows))
    return "".join(pieces)


def describe(
    kind: Any, prefix: str, values: Mapping[str, Any], comments: Mapping[str, str]
) -> Iterator[Parameter]:
    """Parameters of a section, those of nested sections with dotted keys.

    Args:
        kind: the section's dataclass.
        prefix: its key.
        values: as in params.yaml.
        comments: of params.yaml, by dotted key.
    """
    docstrings = field_docstrings(kind)
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        key = f"{prefix}.{field.name}"
        nested = _dataclass_of(hints[field.name])
        if nested and isinstance(values[field.name], Mapping):
            yield from describe(nested, key, values[field.name], comments)
        else:
            yield Parameter(
                key,
                kind_in_words(hints[field.name]),
                unit_of(field.name),
                _as_yaml(values[field.name]),
                docstrings.get(field.name) or comments.get(key, ""),
            )


def field_docstrings(kind: Any) -> dict[str, str]:
    """The string under each field of a dataclass, in one line."""
    [body] = ast.parse(inspect.cleandoc(inspect.getsource(kind))).body
    found: dict[str, str] = {}
    last = ""
    for node in body.body:  # type: ignore[attr-defined]
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                last = name
            case ast.Expr(value=ast.Constant(value=str(text))) if last:
                found[last] = " ".join(text.split())
            case _:
                last = ""
    return found


def read_comments(text: str) -> dict[str, str]:
    """Comments at the ends of params.yaml's lines, and below them, by dotted key."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in text.splitlines():
        if match := KEY.match(line):
            indent = len(match["indent"])
            path = [*(entry for entry in path if entry[0] < indent), (indent, match["key"])]
        comment = COMMENT.search(line)
        if comment and path:
            key = ".".join(name for _, name in path)
            found[key] = f"{found.get(key, '')} {comment['text']}".strip()
    return found


def unit_of(name: str) -> str:
    """From the name: `cut_mm` -> "mm"; "" for what has none."""
    last = name.rpartition("_")[2]
    if name.endswith(("_fraction", "_probability", "_share")):
        return "0 to 1"
    return UNITS.get(last, "") if "_" in name else ""


def kind_in_words(hint: Any) -> str:
    """A type with its limits: "whole number >= 1", "paper or heitler", "list of numbers"."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return f"{kind_in_words(parts[0])}{_limits(parts[1:])}"
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join("null" if p is type(None) else kind_in_words(p) for p in parts)
    if origin is tuple:
        if len(parts) == 2 and parts[1] is not Ellipsis:
            return f"pair of {kind_in_words(parts[0])}"
        return f"list of {kind_in_words(parts[0])}"
    if origin is dict:
        return f"{kind_in_words(parts[1])} by name"
    if hint is Any:
        return "any value"
    if dataclasses.is_dataclass(hint):
        return ", ".join(field.name for field in dataclasses.fields(hint))
    return {int: "whole number", float: "number", bool: "true or false", str: "text"}[hint]


def _limits(metadata: tuple[Any, ...]) -> str:
    found = [entry.metadata if isinstance(entry, FieldInfo) else [entry] for entry in metadata]
    words = []
    for limit in (limit for part in found for limit in part):
        match limit:
            case annotated_types.Ge(ge=value):
                words.append(f" ≥ {value:g}")
            case annotated_types.Gt(gt=value):
                words.append(f" > {value:g}")
            case annotated_types.Le(le=value):
                words.append(f" ≤ {value:g}")
            case annotated_types.Lt(lt=value):
                words.append(f" < {value:g}")
    return ",".join(words)


def _dataclass_of(hint: Any) -> Any:
    return hint if dataclasses.is_dataclass(hint) else None


def _first_paragraph(kind: Any) -> str:
    return inspect.getdoc(kind) or ""


def _as_yaml(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).strip()
    return text.removesuffix("...").strip()


def _table(rows: list[Parameter]) -> str:
    lines = ["\n| parameter | is | unit | default | what it does |\n|---|---|---|---|---|\n"]
    for row in rows:
        cells = (f"`{row.key}`", row.kind, row.unit, f"`{row.default}`", row.description)
        lines.append(f"| {' | '.join(map(cell, cells))} |\n")
    return "".join(lines)


def cell(text: str) -> str:
    """Text that a Markdown table takes as one cell."""
    return text.replace("|", "\\|").replace("\n", " ")
