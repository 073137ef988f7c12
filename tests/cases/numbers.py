"""Cases of numbers that people write: energies in tables, parameters, options, sweeps."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.cases import files
from tests.cases.case import Case, listed, parameters, set_on_command_line, swept

SEED = "  seed: 1\n"
"""The first one of params.yaml: simulate.seed."""


def table(name: str, content: str | bytes, *right: str, **asked: Any) -> Case:
    """Energies in a text file."""
    return Case(name, lambda folder: listed(files.text(folder / "e.csv", content), **asked), right)


def hdf5(name: str, datasets: dict[str, Any], *right: str, **asked: Any) -> Case:
    """Energies in an HDF5 file."""
    return Case(
        name, lambda folder: listed(files.write(folder / "e.h5", **datasets), **asked), right
    )


def parameter(name: str, old: str, new: str, *right: str) -> Case:
    """params.yaml with some text replaced."""
    return Case(name, lambda folder: parameters(folder, old, new), right)


def command(name: str, act: Any, *right: str) -> Case:
    """Words on the command line."""
    return Case(name, lambda folder: act(), right)


def column_in_MeV(folder: Path) -> str:
    path = files.write(folder / "e.h5", energy=np.array([10500.0, 20000.0]))
    return listed(files.attribute(path, "energy", unit="MeV"))


CASES = (
    # text and tables
    table("byte-order mark", "\ufeff10.5\n20\n", "[10.5, 20.0]"),
    table("byte-order mark before a heading", "\ufeffenergy\n20\n30\n", "[20.0, 30.0]"),
    table("UTF-16", "10.5\n20\n".encode("utf-16"), "[10.5, 20.0]"),
    table("UTF-32, other byte order", "\ufeff10.5\n20\n".encode("utf-32-be"), "[10.5, 20.0]"),
    table("no text", b"10.5\n\xe9\n", "refused", "no text in UTF-8 (byte 5"),
    table("zero bytes", b"1\x000\x00.\x005\x00", "refused", "zero bytes"),
    table("line ends of a Mac", "10\r20\r30\r", "[10.0, 20.0, 30.0]"),
    table("line ends of Windows", "energy\r\n10\r\n20\r\n", "[10.0, 20.0]"),
    table("comments", "# a\n# b\n1.05e+01 # c\n", "[10.5]"),
    table(
        "a letter in the first line",
        "1O.5\n20\n30\n",
        "refused",
        "line 1, column 1 is '1O.5'",
        "Is 10.5",
    ),
    table(
        "the same, beginning with it",
        "O.5\n20\n",
        "refused",
        "line 1, column 1 is 'O.5'",
        "Is 0.5 meant",
    ),
    table("an l for a 1", "l0\n20\n", "refused", "line 1, column 1 is 'l0'", "Is 10 meant"),
    table("a letter in the middle", "energy\n20\n3O\n", "refused", "line 3, column 1 is '3O'"),
    table("an index from 1", ",energy\n1,10.5\n2,20.5\n", "[10.5, 20.5]", "column 2 (energy)"),
    table(
        "an index without names",
        "1,10.5\n2,20.5\n",
        "refused",
        "several columns hold numbers: 1, 2",
    ),
    table("the same, said", "1,10.5\n2,20.5\n", "[10.5, 20.5]", column="2"),
    table(
        "two columns, neither energy", "x y\n1 10.5\n", "refused", "1 (x), 2 (y)", "--column NAME"
    ),
    table("the same, said", "x y\n1 10.5\n", "[10.5]", column="y"),
    table("two columns of energies", "E_true,E_reco\n10,9\n", "refused", "1 (E_true), 2 (E_reco)"),
    table(
        "no such column", "a,b\n1,2\n", "refused", "--column is 'c'. There are: a, b", column="c"
    ),
    table("names beside", "particle;energy\ne-;10.5\n", "[10.5]"),
    table("quoted, with a comma at the end", '"energy",\n"10.5",\n', "[10.5]"),
    table(
        "a typing error beside an index",
        ",energy\n1,1O.5\n2,20\n",
        "refused",
        "line 2, column 2 is '1O.5'",
    ),
    table("a gap", "id,energy\n1,10\n2,\n", "refused", "line 3, column 2 is empty"),
    table(
        "a comma for the point", "a;energy\n1;10,5\n", "refused", "Use a point for the decimal mark"
    ),
    table(
        "a unit beside the number", "10 GeV\n20 GeV\n", "[10.0, 20.0]", "in GeV (as the file says)"
    ),
    table("another unit", "500 MeV\n20000 MeV\n", "[0.5, 20.0]"),
    table(
        "two units",
        "500 MeV\n20 GeV\n",
        "refused",
        "line 2, column 1 is in GeV, what stands before in MeV",
    ),
    table("a unit once", "500 MeV\n20\n", "refused", "line 2, column 1 is in no unit"),
    table("a unit in the heading", "E [MeV]\n500\n20000\n", "[0.5, 20.0]"),
    table("the same, in a name", "event,energy_MeV\n1,500\n2,20000\n", "[0.5, 20.0]"),
    table(
        "a unit in a comment",
        "# E [MeV]\n500\n",
        "refused",
        "a comment speaks of MeV",
        "--unit GeV",
    ),
    table("the same, said", "# E [MeV]\n500\n", "[0.5]", unit="MeV"),
    table("an underscore", "1_000\n", "refused", "line 1, column 1 is '1_000'"),
    table("not a number", "nan\n", "refused", "line 1, column 1 is 'nan'"),
    table("infinity", "10\ninf\n", "refused", "line 2, column 1 is 'inf'"),
    table("a negative energy", "10\n-20\n", "refused", "line 2, column 1: energy -20"),
    table("a heading alone", "energy\n", "refused", "holds no energies"),
    # HDF5
    hdf5("CaloChallenge's", {"incident_energies": [[1e4], [2e4]]}, "[10.0, 20.0]", "in MeV (usual"),
    hdf5("CaloChallenge's, in GeV", {"incident_energies": [[10.0], [20.0]]}, "refused", "--unit"),
    hdf5("CERN's target", {"target": [[11, 10.0], [11, 20.0]]}, "[10.0, 20.0]"),
    hdf5("a column", {"energy": [[10.0], [20.0]]}, "[10.0, 20.0]"),
    hdf5("whole numbers", {"energy": [10, 20]}, "[10.0, 20.0]"),
    hdf5(
        "MeV, said by nobody",
        {"energy": [10500.0]},
        "refused",
        "row 0 is 10500, and nothing says in what",
    ),
    hdf5("MeV, said by the user", {"energy": [10500.0]}, "[10.5]", unit="MeV"),
    Case("MeV, said by the file", column_in_MeV, ("[10.5, 20.0]",)),
    hdf5("another dataset", {"E0": [10.0]}, "refused", "present: E0", "--column NAME"),
    hdf5("the same, said", {"E0": [10.0]}, "[10.0]", column="E0"),
    hdf5("zero", {"energy": [10.0, 0.0]}, "refused", "dataset energy, row 1: energy 0"),
    hdf5("words", {"energy": [b"10"]}, "refused", "dataset energy holds object, not numbers"),
    # parameters
    parameter(
        "octal or not",
        SEED,
        "  seed: 010\n",
        "refused",
        "column 9: simulate.seed is 010, which is 8",
    ),
    parameter(
        "octal of YAML 1.2", SEED, "  seed: 0o10\n", "refused", "the text '0o10'", "8 in YAML 1.2"
    ),
    parameter(
        "base 60", SEED, "  seed: 1:30\n", "refused", "which is 90 in YAML 1.1 and the text '1:30'"
    ),
    parameter("yes", "pin_cores: true", "pin_cores: yes", "refused", "cluster.pin_cores is yes"),
    parameter(
        "a key twice", SEED, SEED + "  seed: 2\n", "refused", "simulate.seed stands twice: line"
    ),
    parameter(
        "a power of ten", "learning_rate: 0.001 ", "learning_rate: 3e-4 ", "learning rate 0.0003"
    ),
    parameter(
        "a number as text",
        "learning_rate: 0.001 ",
        'learning_rate: "0.001" ',
        "refused",
        "valid number",
    ),
    parameter(
        "a truth value", "learning_rate: 0.001 ", "learning_rate: true ", "refused", "valid number"
    ),
    parameter("a byte-order mark", "# Every", "\ufeff# Every", "seed 1"),
    parameter("digits of another script", SEED, "  seed: \u0661\n", "refused", "simulate.seed is"),
    # the command line
    command(
        "--set, octal", partial(set_on_command_line, "train.seed=010"), "refused", "Write 8 or 10"
    ),
    command(
        "--set, a power of ten",
        partial(set_on_command_line, "train.learning_rate=3e-4"),
        "changes: ['",
    ),
    command(
        "--set, no YAML",
        partial(set_on_command_line, "scale.workers=[1"),
        "refused",
        "not valid YAML",
    ),
    command("sweep, octal", partial(swept, "train.seed=1,010"), "refused", "Write 8 or 10"),
    command(
        "sweep, powers of ten", partial(swept, "train.learning_rate=3e-4,1e-3"), "(0.0003, 0.001)"
    ),
    command("sweep, an empty value", partial(swept, "train.seed=1,,2"), "refused", "empty value"),
    command(
        "sweep, nan as a limit",
        partial(swept, "train.learning_rate=lin:nan:1"),
        "refused",
        "no two",
    ),
    command(
        "sweep, half a worker",
        partial(swept, "train.workers=int:0.5:2"),
        "refused",
        "whole numbers",
    ),
)
