"""Every native module of the environment, loaded once: which system libraries are missing?

Set-up runs this as a program when the environment is built, and `heitler doctor` asks it again.
Modules are loaded as the dynamic linker loads them, without running Python's part of them; one
package after another, each in a process of its own, since what is loaded stays.
"""

import contextlib
import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from heitler.simulation.display import load_stand_ins
from heitler.simulation.environment import SimulationError

ELF = b"\x7fELF"
MISSING = re.compile(r"(\S+\.so[.\d]*): cannot open shared object file")
PLUG_INS = re.compile(r"-fi\.so|_hooks\.so")
"""Intel MPI's for special networks and GPUs: it tries each, and does without."""
PACKAGES = {
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libICE.so.6": ("libice6", "libICE"),
    "libSM.so.6": ("libsm6", "libSM"),
    "libX11.so.6": ("libx11-6", "libX11"),
    "libXext.so.6": ("libxext6", "libXext"),
    "libatomic.so.1": ("libatomic1", "libatomic"),
    "libcrypt.so.1": ("libcrypt1", "libxcrypt-compat"),
    "libexpat.so.1": ("libexpat1", "expat"),
    "libgcc_s.so.1": ("libgcc-s1", "libgcc"),
    "libgfortran.so.5": ("libgfortran5", "libgfortran"),
    "libgomp.so.1": ("libgomp1", "libgomp"),
    "libnuma.so.1": ("libnuma1", "numactl-libs"),
    "libstdc++.so.6": ("libstdc++6", "libstdc++"),
    "libuuid.so.1": ("libuuid1", "libuuid"),
    "libz.so.1": ("zlib1g", "zlib"),
}
"""The package of Debian and Ubuntu, and that of RHEL and Rocky."""


def missing_libraries(environment: Path) -> tuple[dict[str, list[str]], int]:
    """System libraries that cannot be found, with the packages that want them; modules tried."""
    groups = native_modules(environment)
    own = {path.name for paths in groups.values() for path in paths}
    missing: dict[str, list[str]] = {}
    for package, paths in sorted(groups.items()):
        for name in sorted(_not_found(package, paths) - own):
            missing.setdefault(name, []).append(package)
    return missing, sum(map(len, groups.values()))


def native_modules(environment: Path) -> dict[str, list[Path]]:
    """Shared objects by package, and those beside them in lib/, such as Intel MPI's."""
    groups: dict[str, list[Path]] = {}
    for path in sorted((environment / "lib").rglob("*.so*")):
        if path.is_file() and not PLUG_INS.search(path.name) and _is_elf(path):
            groups.setdefault(_package(path), []).append(path)
    return groups


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ELF)) == ELF


def _package(path: Path) -> str:
    """geant4_pybind for geant4_pybind.cpython-311-x86_64-linux-gnu.so and geant4_pybind.libs/."""
    parts = path.parts
    inside = parts.index("site-packages") + 1 if "site-packages" in parts else -1
    return parts[inside].split(".")[0]


def _not_found(package: str, paths: Sequence[Path]) -> set[str]:
    """What a process that loads all of them cannot find."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            names = sorted(set(_load(package, paths)))
            os.write(writing, "\n".join(names).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        names = pipe.read().split()
    os.waitpid(child, 0)
    return set(names)


def _load(package: str, paths: Sequence[Path]) -> Iterator[str]:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stderr.fileno())  # TensorFlow greets
    if package == "geant4_pybind":
        # Without stand-ins, what is missing shows when the bindings are loaded.
        with contextlib.suppress(SimulationError):
            load_stand_ins()
    for path in paths:
        try:
            ctypes.CDLL(str(path), mode=os.RTLD_LAZY)
        except OSError as error:
            if found := MISSING.match(str(error)):
                yield found[1]
                yield from _all_missing(path)


def _all_missing(path: Path) -> Iterator[str]:
    """The linker stops at the first; `ldd` names all."""
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        if line.endswith("not found"):
            yield line.split()[0]


def advice(missing: Mapping[str, Sequence[str]]) -> str:
    """Which libraries are missing, who wants them, and what to install."""
    lines = [f"{name} (for {', '.join(wanted)})" for name, wanted in sorted(missing.items())]
    known = [PACKAGES[name] for name in sorted(missing) if name in PACKAGES]
    text = f"This machine lacks {', '.join(lines)}."
    if known:
        text += f" Debian, Ubuntu: apt-get install {' '.join(debian for debian, _ in known)}."
        text += f" RHEL, Rocky: dnf install {' '.join(rhel for _, rhel in known)}."
    for name in sorted(set(missing) - set(PACKAGES)):
        text += f" Which package has {name}: apt-file search {name}, or dnf provides '*/{name}'."
    return f"{text} Without root rights: ask for them, or work in a container."


def main() -> None:
    """Exit code 1 if anything is missing; with --json for programs."""
    missing, modules = missing_libraries(Path(sys.prefix))
    if "--json" in sys.argv:
        print(json.dumps({"missing": missing, "modules": modules}))
    elif missing:
        print(advice(missing), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
