"""Native modules that want a library of the system which is not there."""

import subprocess
from pathlib import Path

import pytest

from heitler.doctor.native import advice, missing_libraries

ABSENT = "libheitlerabsent.so.7"


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """Two packages; a module of the first wants a library that the test may put somewhere."""
    site = tmp_path / "lib/python3.11/site-packages"
    for package in ("first", "second"):
        (site / package).mkdir(parents=True)
    compile_library("int far(void) { return 1; }", tmp_path / ABSENT, f"-Wl,-soname,{ABSENT}")
    wanting = "int far(void); int near(void) { return far(); }"
    compile_library(wanting, site / "first/module.so", str(tmp_path / ABSENT))
    compile_library("int other(void) { return 2; }", site / "second/module.so")
    (site / "second/script.so.py").write_text("no native module")
    return tmp_path


def compile_library(source: str, path: Path, *options: str) -> None:
    command = ["c++", "-x", "c", "-shared", "-fPIC", "-o", path, "-", "-x", "none", *options]
    subprocess.run(command, input=source, text=True, check=True)


def test_a_missing_library_is_found_with_the_package_that_wants_it(environment: Path) -> None:
    assert missing_libraries(environment) == ({ABSENT: ["first"]}, 2)


def test_what_another_package_brings_is_not_missing(environment: Path) -> None:
    """As Horovod takes TensorFlow's library, once that is loaded."""
    second = environment / "lib/python3.11/site-packages/second"
    (environment / ABSENT).rename(second / ABSENT)
    assert missing_libraries(environment) == ({}, 3)


def test_packages_of_both_families_are_named() -> None:
    text = advice({"libuuid.so.1": ["pmix"], ABSENT: ["first"]})
    assert f"lacks {ABSENT} (for first), libuuid.so.1 (for pmix)." in text
    assert "apt-get install libuuid1." in text
    assert "dnf install libuuid." in text
    assert f"apt-file search {ABSENT}" in text
