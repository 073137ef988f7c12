"""What a program's code says: the files that it reaches, and what each of them means.

The one answer to "has the code changed?": the stage `inputs` writes it for DVC, and what is kept
between runs (checkpoints, records) carries it. Read from the source; nothing is executed. Files
that the program does not use do not count, nor do comments, docstrings and layout.

Functions take `package`, the package's folder, so that tests can use small ones.
"""

import ast
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
Code = dict[str, str]
"""File, such as `heitler/data/hdf5.py` -> SHA-256 of what it means."""


def code_of(program: Path, package: Path = PACKAGE) -> Code:
    """What a script or module says: its own file and those of the package that it uses."""
    program = program.resolve()
    files = {program, *files_used(program, package)}
    return {_name(path, package): meaning(path) for path in sorted(files)}


def files_used(program: Path, package: Path = PACKAGE) -> set[Path]:
    """Files of the package that a program reads: modules, imported by whatever way or named by a
    string, and the package's other files that those name. Modules without code are left out."""
    modules = module_files(package)
    found: set[Path] = set()
    waiting = [program]
    while waiting:
        for used in _used_by(waiting.pop(), modules) - found:
            found.add(used)
            waiting.append(used)
    return {path for path in found if path.suffix != ".py" or not is_only_docstring(path)}


def module_files(package: Path = PACKAGE) -> dict[str, Path]:
    """All modules of the package: "heitler.data.hdf5" -> its file; a package's is __init__.py."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def imported_names(path: Path) -> tuple[str, ...]:
    """Dotted names in all import statements, also inside functions.

    `from a import b` gives `a` and `a.b`, because b may be a module.

    Raises:
        ValueError: for a relative import.
    """
    return _imports(path.read_text(), str(path))


def named_modules(path: Path, modules: Mapping[str, Path]) -> set[str]:
    """Modules with code that strings name, as in `python -m heitler.simulation.x`.

    A string that ends in a dot, "heitler.model.families.", names all modules of a folder.
    """
    strings = _strings(path.read_text())
    folders = {text[:-1] for text in strings if text.endswith(".") and text.count(".") > 1}
    named = {name for name in modules if name in strings or name.rpartition(".")[0] in folders}
    return {name for name in named if not is_only_docstring(modules[name])}


def is_only_docstring(path: Path) -> bool:
    """Whether a module holds no code, as most __init__.py."""
    return all(map(_is_remark, _parsed(path.read_text()).body))


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _imports(text: str, where: str) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(_parsed(text)):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names]
            case ast.ImportFrom(level=0, module=str(module), names=names):
                found += [module, *(f"{module}.{alias.name}" for alias in names)]
            case ast.ImportFrom(level=level) if level:
                raise ValueError(f"{where}:{node.lineno}: relative import. Use absolute ones.")
    return tuple(found)


@cache
def _strings(text: str) -> set[str]:
    constants = (node for node in ast.walk(_parsed(text)) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}


def _used_by(path: Path, modules: Mapping[str, Path]) -> set[Path]:
    siblings = (p for p in path.parent.iterdir() if p.is_file() and p.suffix not in (".py", ".pyc"))
    used = {sibling for sibling in siblings if sibling.name in path.read_text()}
    if path.suffix == ".py":
        for name in [*imported_names(path), *named_modules(path, modules)]:
            used |= {modules[part] for part in _with_parents(name) if part in modules}
    return used - {path}


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _name(path: Path, package: Path) -> str:
    inside = path.is_relative_to(package.parent)
    return (path.relative_to(package.parent) if inside else Path(path.name)).as_posix()


def meaning(path: Path) -> str:
    """SHA-256 of what a file says: of its syntax tree without docstrings, or of its content."""
    return _digest(path.read_text(), path.suffix == ".py")


@cache
def _digest(text: str, is_code: bool) -> str:
    content = repr(_plain(_parsed(text))) if is_code else text
    return hashlib.sha256(content.encode()).hexdigest()


def _plain(node: object) -> object:
    """A syntax tree without places and docstrings, the same for all versions of Python.

    Newer ones have fields that are empty for what older ones can say: empty ones are left out.
    """
    match node:
        case ast.AST():
            fields = ((name, _plain(value)) for name, value in ast.iter_fields(node))
            return (type(node).__name__, *(pair for pair in fields if pair[1] not in (None, [])))
        case list():
            return [_plain(entry) for entry in node if not _is_remark(entry)]
    return node


def _is_remark(node: object) -> bool:
    """A string that stands alone: a docstring, also of a constant or of a field."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
