"""What the code imports, read from its source; nothing is executed.

Functions take `root`, the project's top folder, so that tests can plant violations elsewhere.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "heitler"


@cache
def module_files(root: Path) -> dict[str, Path]:
    """All modules of the package: "heitler.data.hdf5" -> its file; a package's is __init__.py."""
    source = root / "src"
    modules = {}
    for path in sorted((source / PACKAGE).rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def imported_names(path: Path) -> Iterator[str]:
    """Dotted names in all import statements, also inside functions.

    `from a import b` gives `a` and `a.b`, because b may be a module.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(level=0, module=str(module), names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom(level=level) if level:
                raise ValueError(f"{path}:{node.lineno}: relative import. Use absolute ones.")


def named_modules(path: Path) -> Iterator[str]:
    """Strings that look like modules of the package, as in `python -m heitler.simulation.x`."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Constant(value=str(text)) if text.startswith(f"{PACKAGE}."):
                yield text


def is_only_docstring(path: Path) -> bool:
    """Whether a module holds no code, as most __init__.py."""
    body = ast.parse(path.read_text()).body
    return all(isinstance(node, ast.Expr) for node in body)


def files_used(root: Path, script: Path) -> set[Path]:
    """Files of the package that running a script reads: modules, imported by whatever way, and
    the package's other files that those name. Modules without code are left out."""
    modules = module_files(root)
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        for used in _used_by(path, modules) - found:
            found.add(used)
            waiting.append(used)
    return {path for path in found if path.suffix != ".py" or not is_only_docstring(path)}


def _used_by(path: Path, modules: dict[str, Path]) -> set[Path]:
    siblings = (p for p in path.parent.iterdir() if p.is_file() and p.suffix not in (".py", ".pyc"))
    used = {sibling for sibling in siblings if sibling.name in path.read_text()}
    if path.suffix == ".py":
        for name in [*imported_names(path), *named_modules(path)]:
            used |= {modules[part] for part in _with_parents(name) if part in modules}
    return used - {path}


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
