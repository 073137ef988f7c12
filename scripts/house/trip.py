"""Two ways through the house: that of the parameters, and that of a batch.

`config_stops` follows the parameter `config` of `heitler.training.loop.train`. A stop is a call, in
a function that the parameters reach, which hands on the configuration or one of its sections: an
object of a class of `heitler.config`. The parameters reach a function by a stop, or inside an
object that holds them (a `Gan` has its `model`), and all methods of such an object. Types are those
that the code states: annotations of parameters, fields and results.

`batch_files` are the modules that one opens to understand a batch: those that `training.loop`
reaches and that define or import one of a batch's forms (`heitler.data.batches`, events of a file;
`heitler.training.batch`, tensors of a cycle; `Events` and `Fakes`, what an objective sees of them).
Families of networks are alternatives: of the modules that only they import, one is counted.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rooms import files_of

from heitler.base.source import files_used, imported_names

START = "heitler.training.loop.train"
CONFIG = "heitler.config"
BATCH_FORMS = (
    "heitler.data.batches",
    "heitler.training.batch",
    "heitler.model.objective.Events",
    "heitler.model.objective.Fakes",
)
"""Modules, or classes of a module of other things."""
FORMS_IN = {form.removesuffix(".Events").removesuffix(".Fakes") for form in BATCH_FORMS}
FAMILIES = "heitler.model.families."

Function = ast.FunctionDef | ast.AsyncFunctionDef
Types = dict[str, str]
"""Name in a function or field of a class -> class, such as `heitler.model.gan.Gan`."""


@dataclass
class Definition:
    """A function or class of the package."""

    node: Function | ast.ClassDef
    module: str
    owner: str = ""
    """The class of a method."""
    fields: Types = field(default_factory=dict)


@dataclass(frozen=True)
class Stop:
    """A call that hands parameters on."""

    caller: str
    line: int
    callee: str
    module: str
    """Of the caller."""


def batch_files(root: Path) -> list[str]:
    """Dotted names."""
    modules = files_of(root)
    loop = START.rpartition(".")[0]
    reached = {modules[loop], *files_used(modules[loop], root / "src/heitler")}
    found = [
        name
        for name, path in modules.items()
        if path in reached and (name in FORMS_IN or _imports_a_form(path))
    ]
    importers = {
        name: {other for other, path in modules.items() if name in imported_names(path)}
        for name in found
    }
    of_families = [
        name
        for name in found
        if importers[name] and all(other.startswith(FAMILIES) for other in importers[name])
    ]
    return [name for name in found if name not in of_families[1:]]


def config_stops(root: Path, start: str = START) -> list[Stop]:
    """The trip of the parameters, in the order in which they arrive."""
    code = Code(files_of(root))
    stops: list[Stop] = []
    waiting, seen = [start], {start}
    while waiting:
        for callee, stop in code.handed_on(waiting.pop(0)):
            if stop:
                stops.append(stop)
            for reached in code.entered(callee):
                if reached not in seen:
                    seen.add(reached)
                    waiting.append(reached)
    return stops


class Code:
    """All functions and classes of the house, with the types that they state."""

    def __init__(self, modules: dict[str, Path]) -> None:
        self.names: dict[str, dict[str, str]] = {}
        self.known: dict[str, Definition] = {}
        for module, path in modules.items():
            tree = ast.parse(path.read_text())
            self.names[module] = _imported(tree)
            for node in tree.body:
                self._define(node, module, "")
        for name, known in self.known.items():
            if isinstance(known.node, ast.ClassDef):
                known.fields |= self._fields(name, known)
        self.holders = self._holders()

    def handed_on(self, name: str) -> Iterator[tuple[str, Stop | None]]:
        """Calls of a function that hand on parameters (a stop), or an object that holds them."""
        known = self.known[name]
        types = self._types_in(known)
        for call in (node for node in ast.walk(known.node) if isinstance(node, ast.Call)):
            callee = self._resolve(call.func, known, types)
            values = [*call.args, *(keyword.value for keyword in call.keywords)]
            if isinstance(call.func, ast.Attribute):  # a method has its object
                values.append(call.func.value)
            handed = {self.type_of(value, known, types) for value in values}
            if callee in self.known and handed & self.holders:
                stop = any(_is_config(kind) for kind in handed)
                yield callee, Stop(name, call.lineno, callee, known.module) if stop else None

    def entered(self, name: str) -> list[str]:
        """Where the parameters are after a call: a function, and those that override it in other
        classes; all methods of a class."""
        known = self.known[name]
        if not isinstance(known.node, ast.ClassDef):
            last = name.rpartition(".")[2]
            heirs = [f"{heir}.{last}" for heir in self._heirs(known.owner)] if known.owner else []
            return [name, *(heir for heir in heirs if heir in self.known)]
        return [other for other, known in self.known.items() if known.owner == name]

    def type_of(self, value: ast.expr, known: Definition, types: Types) -> str:
        """The class of an expression, or ""."""
        match value:
            case ast.Name(id=name):
                return types.get(name, "")
            case ast.Attribute(value=base, attr=name):
                owner = self.known.get(self.type_of(base, known, types))
                return owner.fields.get(name, "") if owner else ""
            case ast.Call(func=function):
                callee = self._resolve(function, known, types)
                found = self.known.get(callee)
                if found and not isinstance(found.node, ast.ClassDef):
                    return self._class_in(found.node.returns, found.module)
                return callee if found else ""
        return ""

    def _heirs(self, owner: str) -> list[str]:
        """Classes that extend one, directly or not."""
        found: list[str] = []
        for name, known in self.known.items():
            if isinstance(known.node, ast.ClassDef):
                bases = (self._class_in(base, known.module) for base in known.node.bases)
                if owner in bases and name != owner:
                    found += [name, *self._heirs(name)]
        return found

    def _define(self, node: ast.stmt, module: str, owner: str) -> None:
        if isinstance(node, Function | ast.ClassDef):
            name = f"{owner or module}.{node.name}"
            self.known[name] = Definition(node, module, owner)
            self.names[module].setdefault(node.name, name)
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                self._define(inner, module, name)

    def _fields(self, name: str, known: Definition) -> Types:
        """Of annotations in a class, of its properties, and of what its methods assign to self."""
        found: Types = {}
        for node in known.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = self._class_in(node.annotation, known.module)
            elif isinstance(node, Function) and any(
                isinstance(mark, ast.Name) and "property" in mark.id for mark in node.decorator_list
            ):
                found[node.name] = self._class_in(node.returns, known.module)
        for method in (m for m in self.known.values() if m.owner == name):
            types = self._types_in(method)
            for target, value in _assignments(method.node):
                if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                    found.setdefault(target.attr, self.type_of(value, method, types))
        return found

    def _types_in(self, known: Definition) -> Types:
        """Of parameters, also of inner functions, and of what is assigned to a name."""
        types: Types = {"self": known.owner} if known.owner else {}
        for node in ast.walk(known.node):
            if isinstance(node, ast.arg) and node.annotation:
                types[node.arg] = self._class_in(node.annotation, known.module)
        for target, value in _assignments(known.node):
            if isinstance(target, ast.Name) and not types.get(target.id):
                types[target.id] = self.type_of(value, known, types)
        return types

    def _class_in(self, annotation: ast.expr | None, module: str) -> str:
        """The first class of the house that an annotation names: `Gan | None` -> Gan."""
        for node in ast.walk(annotation) if annotation else ():
            text = node.id if isinstance(node, ast.Name) else getattr(node, "value", None)
            if isinstance(text, str):
                name = self._original(self.names[module].get(text, ""))
                if name in self.known and isinstance(self.known[name].node, ast.ClassDef):
                    return name
        return ""

    def _original(self, name: str) -> str:
        """Where a name is defined that a package hands on: heitler.config.Config -> its module."""
        module, _, last = name.rpartition(".")
        while name not in self.known and last in self.names.get(module, {}):
            name = self.names[module][last]
            module, _, last = name.rpartition(".")
        return name

    def _resolve(self, function: ast.expr, known: Definition, types: Types) -> str:
        match function:
            case ast.Name(id=name):
                return self._original(self.names[known.module].get(name, ""))
            case ast.Attribute(value=base, attr=name):
                return f"{self.type_of(base, known, types)}.{name}"
        return ""

    def _holders(self) -> set[str]:
        """Classes of the parameters, and those with a field of one of them, and so on."""
        held = {name for name in self.known if _is_config(name)}
        while True:
            more = {n for n, known in self.known.items() if set(known.fields.values()) & held}
            if more <= held:
                return held
            held |= more


def _imports_a_form(path: Path) -> bool:
    return not set(BATCH_FORMS).isdisjoint(imported_names(path))


def _is_config(name: str) -> bool:
    return name.startswith(f"{CONFIG}.")


def _imported(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Target and value, those of `a, b = c, d` one by one."""
    for found in ast.walk(node):
        match found:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from zip(targets, values, strict=False)
            case ast.Assign(targets=[target], value=value):
                yield target, value
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield target, value
