"""What decides a result: parameters, data and code. Two with the same origin are one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from heitler.base.files import digest
from heitler.base.source import PACKAGE, Code, code_of

BESIDE = tuple(
    f"heitler/{name}" for name in ("base/", "config/", "design.py", "kept/", "tracking/")
)
"""Code that no number depends on; the values of parameters are in an origin themselves."""
LONGEST_LIST = 3
"""Changes of one kind that a sentence names; the others are counted."""


@dataclass(frozen=True)
class Origin:
    """What decides a training, a measurement or a record of a study."""

    parameters: Mapping[str, Any]
    """Nested, by section; only those that decide the result."""
    data: str
    """Digest of the showers."""
    code: Code

    @property
    def fingerprint(self) -> str:
        """Equal where all is equal."""
        return digest(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Of JSON's types, from which `Origin(**...)` makes it again."""
        return {"parameters": dict(self.parameters), "data": self.data, "code": dict(self.code)}

    def differs_in_code_only(self, before: "Origin") -> bool:
        """Whether parameters and data are those of `before`."""
        return digest([self.parameters, self.data]) == digest([before.parameters, before.data])

    def changes(self, before: "Origin") -> str:
        """What is other than in `before`: `train.seed (1 before, now 2); code of model/gan.py`."""
        now, then = dict(_flat(self.parameters)), dict(_flat(before.parameters))
        parameters = [
            f"{name} ({_shown(then, name)} before, now {_shown(now, name)})"
            for name in sorted(now.keys() | then.keys())
            if digest(now.get(name)) != digest(then.get(name))
        ]
        files = sorted(
            name.removeprefix("heitler/")
            for name in self.code.keys() | before.code.keys()
            if self.code.get(name) != before.code.get(name)
        )
        parts = [
            _first(parameters),
            "the showers" if self.data != before.data else "",
            f"code of {_first(files)}" if files else "",
        ]
        return "; ".join(filter(None, parts)) or "nothing"


def deciding_code(module: str, *sections: str) -> Code:
    """The code that a module reaches, without what no number depends on.

    Args:
        module: its file, such as `training/loop.py`.
        sections: modules of `heitler.config` that say what their parameters mean.
    """
    meant = {f"heitler/config/{section}.py" for section in sections}
    meant |= {f"heitler/base/{name}.py" for name in ("lean_keras", "onednn")}  # of the arithmetic
    if "training" in sections:  # where the section model is resolved
        meant.add("heitler/design.py")
    code = code_of(PACKAGE / module)
    return {name: it for name, it in code.items() if name in meant or not name.startswith(BESIDE)}


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _shown(values: Mapping[str, Any], name: str) -> str:
    return f"{values[name]}" if name in values else "not there"


def _first(names: list[str]) -> str:
    shown, left = names[:LONGEST_LIST], names[LONGEST_LIST:]
    return ", ".join(shown) + (f" and {len(left)} more" if left else "")
