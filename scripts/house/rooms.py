"""Rooms, the arrows between them, and the floors that they stand on.

The house is `src/heitler` and `pipelines`. A room is a folder or a single file directly below the
package, and `pipelines`; a module is a Python file with code in it (most `__init__.py` have none).
An arrow leads from one room to another if a module of the first imports one of the second, at the
top or inside a function, or names it in a string.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from heitler.base.source import imported_names, is_only_docstring, module_files, named_modules

Arrows = Counter[tuple[str, str]]
"""(from, to) -> imports that make it."""


@dataclass(frozen=True)
class House:
    """What stands where."""

    lines: dict[str, int]
    """Lines of each room, those of empty modules too."""
    modules: int
    arrows: Arrows

    def floors(self) -> list[list[str]]:
        """From the top: each room stands above all that it imports, as low as it can.

        An arrow of a circle that leads back is left out, so that there is an answer.
        """
        below = {room: sorted(self.imported_by(room)) for room in self.lines}
        height: dict[str, int] = {}

        def place(room: str, entered: tuple[str, ...]) -> int:
            if room not in height:
                seen = (*entered, room)
                lower = [place(other, seen) for other in below[room] if other not in seen]
                height[room] = 1 + max(lower, default=0)
            return height[room]

        for room in sorted(self.lines):
            place(room, ())
        top = max(height.values(), default=0)
        return [sorted(r for r in height if height[r] == floor) for floor in range(top, 0, -1)]

    def imported_by(self, room: str) -> set[str]:
        """The rooms at the ends of its arrows."""
        return {end for start, end in self.arrows if start == room}

    def short_ways(self) -> set[tuple[str, str]]:
        """Arrows that no longer way through other rooms replaces."""
        reached: dict[str, set[str]] = {}
        for floor in reversed(self.floors()):
            for room in floor:
                ways = [{end} | reached.get(end, set()) for end in self.imported_by(room)]
                reached[room] = set().union(*ways)
        return {
            (start, end)
            for start, end in self.arrows
            if not any(
                end in reached.get(other, ()) for other in self.imported_by(start) if other != end
            )
        }


def measure_house(root: Path) -> House:
    """The house below a checkout's top folder."""
    modules = files_of(root)
    lines: Counter[str] = Counter()
    arrows: Arrows = Counter()
    for name, path in modules.items():
        room = room_of(name)
        lines[room] += len(path.read_text().splitlines())
        for used in sorted(_imports(path, modules)):
            if room_of(used) != room:
                arrows[room, room_of(used)] += 1
    lines.pop("", None)
    clean = Counter({pair: count for pair, count in arrows.items() if all(pair)})
    return House(dict(lines), sum(not is_only_docstring(p) for p in modules.values()), clean)


def files_of(root: Path) -> dict[str, Path]:
    """Dotted name -> file, of all modules of the house."""
    stages = {f"pipelines.{path.stem}": path for path in sorted((root / "pipelines").glob("*.py"))}
    return module_files(root / "src/heitler") | stages


def room_of(module: str) -> str:
    """ "heitler.data.hdf5" -> "data"; "" for the package's own `__init__.py`."""
    first, _, rest = module.partition(".")
    return first if first == "pipelines" else rest.partition(".")[0]


def source_lines(root: Path) -> int:
    """Lines of all Python files of the house."""
    return sum(len(path.read_text().splitlines()) for path in files_of(root).values())


def _imports(path: Path, modules: dict[str, Path]) -> set[str]:
    return (modules.keys() & set(imported_names(path))) | named_modules(path, modules)
