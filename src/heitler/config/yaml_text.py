"""YAML as DVC reads it too, or refused: no value has two readings, no key stands twice.

DVC reads YAML 1.2, PyYAML is of 1.1: `010` is 10 or 8, `yes` a word or true, `1:30` a text or 90.
What both read alike is read; so are `3e-4`, a number in 1.2 that 1.1 leaves as its text, and the
time `12:00:00`, which 1.1 takes for a number in base 60. Of a key
that stands twice DVC refuses the file, PyYAML takes the last.

Numbers in tables and on the command line are decimal, and nothing else: Python's own `float` also
takes 1_000, nan, infinity and digits of other scripts.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from heitler.config.types import ConfigError

INTEGER = re.compile(r"[-+]?[0-9][0-9_]*")
BASED = re.compile(r"[-+]?0([box])([0-9a-fA-F_]+)")
FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*(\.[0-9_]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
    r"|[-+]?\.[0-9_]+([eE][-+][0-9]+)?"
)
"""As ruamel.yaml, with which DVC reads, has it."""
ONLY_IN_1_2 = re.compile(r"^([-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+|[-+]\.[0-9]+([eE][-+][0-9]+)?)$")
"""Numbers that 1.1 leaves as text: 3e-4, -.5."""
YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)
"""What PyYAML raises; others than its own for no such date, `!!bool x`, `!!timestamp x`."""
TIME = re.compile(r"[0-9]+:[0-5][0-9]:[0-5][0-9]")
"""A time as batch systems have it, which DVC writes without quotes: text."""
WORDS = {w: v for v in (True, False) for w in (str(v), str(v).lower(), str(v).upper())}
BASES = {"b": 2, "o": 8, "x": 16}
OLD_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "str")}
"""What a plain word may be in both versions; dates, null and the merge key are alike in both."""


def load_yaml(text: str, where: str) -> Any:
    """The content of a YAML text.

    Raises:
        ConfigError: naming `where`, line and column, for what is no YAML, is ambiguous, or stands
            twice.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        fault = next(_faults(node, loader, "", set()), None)
        content = None if fault else loader.construct_document(node)
    except YAML_ERRORS as error:
        raise ConfigError(f"{where}: not valid YAML. {error}") from None
    if fault:
        raise ConfigError(f"{where}: {fault}")
    return content


class _Loader(yaml.SafeLoader):
    """PyYAML's, which also reads numbers such as 3e-4."""


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int | str:
    if node.style is None and TIME.fullmatch(node.value):
        return str(node.value)
    return loader.construct_yaml_int(node)


def _construct_float(loader: _Loader, node: yaml.ScalarNode) -> float:
    number = re.sub("_", "", node.value)
    return float(number) if FLOAT.fullmatch(number) else loader.construct_yaml_float(node)


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", ONLY_IN_1_2, list("-+0123456789"))
_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


def _faults(node: yaml.Node, loader: _Loader, key: str, seen: set[int]) -> Iterator[str]:
    """What is wrong below a node, in order; nodes that are referred to again are seen once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield from _ambiguity(node, loader, f"{key} is {node.value}" if key else node.value)
    elif isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield from _faults(entry, loader, f"{key}[{index}]", seen)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, yaml.Node] = {}
        for name, value in node.value:
            path = f"{key}.{name.value}" if key else str(name.value)
            if isinstance(name, yaml.ScalarNode):
                yield from _ambiguity(name, loader, f"the key {path}")
            if isinstance(name, yaml.ScalarNode) and name.value in first:
                yield f"{path} stands twice: {_at(first[name.value])} and {_at(name)}. Keep one."
            first[str(name.value)] = name
            yield from _faults(value, loader, path, seen)


def _ambiguity(node: yaml.ScalarNode, loader: _Loader, what: str) -> Iterator[str]:
    if node.style is not None or node.tag not in OLD_TAGS:
        return
    old, new = loader.construct_object(node), read_as_yaml_1_2(node.value)
    if type(old) is type(new) and (old == new or old != old):  # NaN is not equal to itself
        return
    yield (
        f"{_at(node)}: {what}, which is {_described(old)} in YAML 1.1 and {_described(new)} in "
        f"YAML 1.2, which DVC reads. Write {_plainly(old)} or {_plainly(new)}."
    )


def read_as_yaml_1_2(word: str) -> bool | int | float | str:
    """What a plain word that is neither null nor a date is for DVC (ruamel.yaml)."""
    digits = word.replace("_", "")
    if word in WORDS:
        return WORDS[word]
    if (based := BASED.fullmatch(word)) and _is_based(based):
        sign = -1 if word.startswith("-") else 1
        return sign * int(based[2].replace("_", ""), BASES[based[1]])
    if INTEGER.fullmatch(word):
        return int(digits)
    if FLOAT.fullmatch(word):
        return float(digits)
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", word):
        return float(word.replace(".", "").lower())
    return word


def _is_based(match: re.Match[str]) -> bool:
    try:
        int(match[2].replace("_", ""), BASES[match[1]])
    except ValueError:
        return False
    return True


def _at(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"


def _described(value: bool | int | float | str) -> str:
    return f"the text {value!r}" if isinstance(value, str) else _plainly(value)


def _plainly(value: bool | int | float | str) -> str:
    """In a spelling that has one reading."""
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
LOOKS_LIKE = str.maketrans("OolI,", "0011.")
"""What is typed for a digit or the decimal point, and what was meant."""


def parse_decimal(text: str) -> float | None:
    """The number, or None if the text is none: 10.5, 1e3, -.5, but not 1_000, nan or 1O.5."""
    return float(text) if DECIMAL.fullmatch(text) else None


def looks_like_number(text: str) -> bool:
    """Whether the text may be meant as a number: it is one, begins as one, or is mistyped."""
    word = text.strip().lower().lstrip("+-")
    begins = word[:1].isdigit() or (word[:1] == "." and word[1:2].isdigit())
    mistyped = parse_decimal(text.translate(LOOKS_LIKE)) is not None
    return begins or mistyped or word in {"nan", "inf", "infinity"}


def suggestion(text: str) -> str:
    """ "Is 10.5 meant?" for 1O.5, else nothing."""
    meant = text.strip().translate(LOOKS_LIKE)
    return f"Is {meant} meant? " if parse_decimal(meant) is not None else ""
