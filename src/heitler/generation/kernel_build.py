"""A C++ source compiled for this machine when it is first used, and kept in the user's cache.

The library's name holds a digest of the source, the macros and the processor, so that a changed
source, another generator's sizes or another machine with the same home folder gets its own.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from heitler.base.cache import cache_folder
from heitler.base.files import atomic_path, digest
from heitler.generation.errors import GenerationError

FLAGS = ("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fPIC", "-shared")
COMPILERS = ("g++", "c++", "clang++")
KERNELS = "kernels"
"""Their folder in the cache."""
LONGEST_COMPILATION_S = 600
"""Seconds after which a compilation is given up; it takes some on an idle machine."""


class KernelError(GenerationError):
    """There is no compiled kernel here; the message says why."""


def build_library(source: Path, macros: Mapping[str, str]) -> Path:
    """The shared library of a source with these macros; compiled if it is not kept yet.

    Raises:
        KernelError: if there is no compiler, it fails, or the library cannot be kept.
    """
    arguments = [*FLAGS, *(f"-D{name}={value}" for name, value in macros.items())]
    try:
        key = digest([source.read_text(), arguments, _processor()])[:20]
        library = cache_folder(KERNELS) / f"{source.stem}-{key}.so"
        if not library.is_file():
            _compile(find_compiler(), arguments, source, library)
    except OSError as error:
        where = error.filename or source
        raise KernelError(f"{where}: {error.strerror or error}") from None
    return library


def find_compiler() -> str:
    """The path of a C++ compiler: `CXX` if that is set, else the first that is there.

    Raises:
        KernelError: if there is none.
    """
    names = [os.environ["CXX"]] if os.environ.get("CXX") else COMPILERS
    for name in names:
        if found := shutil.which(name):
            return found
    raise KernelError(f"no C++ compiler is there ({', '.join(names)})")


def _compile(compiler: str, arguments: list[str], source: Path, library: Path) -> None:
    """Compile under a temporary name: who is killed meanwhile leaves no library."""
    with atomic_path(library) as temporary:
        command = [compiler, *arguments, str(source), "-o", str(temporary)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=LONGEST_COMPILATION_S
            )
        except subprocess.TimeoutExpired:
            limit = f"{LONGEST_COMPILATION_S} s"
            raise KernelError(f"{compiler} did not compile {source.name} within {limit}") from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line]
            reason = (lines or [f"exit status {done.returncode}"])[0]
            raise KernelError(f"{compiler} did not compile {source.name}: {reason}")


def _processor() -> str:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    kinds = ("vendor_id", "model", "flags", "Features", "CPU part")
    return "\n".join(sorted({line for line in lines if line.startswith(kinds)}))
