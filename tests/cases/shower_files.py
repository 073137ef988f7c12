"""Cases of shower files: units, scale, particles, angles, and what stands beside the numbers."""

from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from heitler.data.any_format import Wishes
from tests.cases import files
from tests.cases.case import Case, compared, imported

TRUTH = files.energies()
RANGE = f"{TRUTH.min():.2f} to {TRUTH.max():.2f} GeV"
RIGHT = f"60 e-, {RANGE}, fraction 0.030"
"""What a file means, in whatever units and layout it says it."""
MIXED = np.where(np.arange(files.COUNT) < 40, 11.0, 22.0)


def imports(name: str, make: Any, *right: str, **simulate: Any) -> Case:
    """A file, made at a path, and imported."""
    return Case(name, lambda folder: imported(folder, make(folder / "a.h5"), **simulate), right)


def compares(name: str, make: Any, *right: str, **wishes: Any) -> Case:
    """A file, made at a path, and read as `heitler validate` does."""
    return Case(name, lambda folder: compared(make(folder / "a.h5"), Wishes(**wishes)), right)


def changed(path: Path, dataset: str, rows: Any, value: float, make: Any) -> Path:
    with h5py.File(make(path), "r+") as file:
        file[dataset][rows] = value
    return path


def with_unit(path: Path, unit: str, where: str = "ECAL", factor: float = 1000.0) -> Path:
    return files.attribute(files.fixed_angle(path, factor), where, unit=unit)


def linked(path: Path) -> Path:
    """A link to another file beside the numbers."""
    with h5py.File(files.fixed_angle(path), "r+") as file:
        file["origin"] = h5py.ExternalLink("elsewhere.h5", "/x")
    return path


def electrons_and_photons(path: Path) -> Path:
    """A folder with a file of each."""
    files.fixed_angle(path / "ele.h5", code=11.0)
    truth = TRUTH * 1.01
    files.write(
        path / "gamma.h5",
        ECAL=files.images(truth).astype(np.float32),
        target=np.stack([np.full(files.COUNT, 22.0), truth], axis=1),
    )
    return path


fixed, angle = files.fixed_angle, files.variable_angle
huge = np.where(np.arange(files.COUNT) == 3, 5e5, TRUTH)
empty_7 = partial(changed, dataset="ECAL", rows=7, value=0.0)
label = np.array([b"electron"] * files.COUNT)

CASES = (
    # as they should be, in every number type and compression
    imports("variable angle", angle, RIGHT, "86 deg", "divided by 50", "undivided they would"),
    imports("float16", partial(angle, ECAL=(files.images(TRUTH) * 50).astype("f2")), RIGHT),
    imports("energies in a column", partial(angle, energy=TRUTH[:, None]), RIGHT),
    imports("truth values beside", partial(angle, conversion=np.zeros(files.COUNT, bool)), RIGHT),
    imports("fixed angle", fixed, RIGHT, "90 deg", "all in GeV (usual for this layout)"),
    imports(
        "target with five columns",
        partial(
            files.write,
            ECAL=files.images(TRUTH),
            target=np.insert(np.zeros((files.COUNT, 1, 3)), [0, 0], 11.0, axis=2)
            * np.stack([np.ones(files.COUNT), TRUTH / 11, *np.ones((3, files.COUNT))], 1)[:, None],
        ),
        RIGHT,
    ),
    imports(
        "a filter that no chunk uses",
        partial(files.filtered, number=files.BLOSC, used=False),
        RIGHT,
    ),
    imports(
        "the same, Zstandard", partial(files.filtered, number=files.ZSTANDARD, used=False), RIGHT
    ),
    # what is beside the numbers and not read
    imports("a text label", partial(angle, label=label), RIGHT),
    imports("a link to elsewhere", linked, RIGHT),
    imports(
        "nothing of a plug-in is run",
        partial(files.filtered, number=files.BLOSC, used=True),
        "refused",
        "dataset ECAL is compressed with Blosc (HDF5 filter 32001)",
        "h5repack",
    ),
    imports(
        "a text as cells",
        partial(files.write, ECAL=label, target=label),
        "refused",
        "dataset ECAL holds |S8, not numbers",
    ),
    # units
    imports(
        "all in MeV, said by nobody",
        partial(fixed, factor=1000.0),
        "refused",
        "target, row 21 is 3920.38",
        "in MeV 1 to 3.92 GeV",
        "simulate.import_unit",
    ),
    imports(
        "all in MeV, said by the user",
        partial(fixed, factor=1000.0),
        RIGHT,
        "all in MeV (simulate.import_unit)",
        import_unit="MeV",
    ),
    imports(
        "all in MeV, said by the cells",
        partial(with_unit, unit="MeV"),
        RIGHT,
        "all in MeV (attribute unit)",
    ),
    imports(
        "all in MeV, said by the energies", partial(with_unit, unit="MeV", where="target"), RIGHT
    ),
    imports("all in MeV, said by the file", partial(with_unit, unit="MeV", where="/"), RIGHT),
    imports("all in keV, in other letters", partial(with_unit, unit="KEV", factor=1e6), RIGHT),
    imports(
        "MeV said, the numbers say GeV",
        partial(with_unit, unit="MeV", factor=1.0),
        "refused",
        "attribute unit says MeV, the numbers do not",
        "0.001 to 0.00392 GeV; in GeV: 1 to 3.92",
    ),
    imports(
        "the same, corrected", partial(with_unit, unit="MeV", factor=1.0), RIGHT, import_unit="GeV"
    ),
    imports(
        "an unknown unit", partial(with_unit, unit="erg"), "refused", "'erg', no unit of energy"
    ),
    imports(
        "cells in MeV, energies in GeV",
        partial(fixed, factor=1000.0, energy=TRUTH),
        "refused",
        "the cells hold 30.3",
        "1000 would give 0.0303",
        "simulate.import_scale",
    ),
    imports(
        "the same, said",
        partial(fixed, factor=1000.0, energy=TRUTH),
        RIGHT,
        import_scale=1000.0,
    ),
    imports(
        "counts of keV",
        partial(fixed, factor=1e6, energy=TRUTH),
        "refused",
        "1e+06 would give 0.0303",
    ),
    imports(
        "the same, said",
        partial(fixed, factor=1e6, energy=TRUTH),
        RIGHT,
        import_scale=1e6,
    ),
    imports(
        "one energy of 500 TeV", partial(fixed, energy=huge), "refused", "target, row 3 is 500000"
    ),
    # scale
    imports(
        "variable angle, never times 50", partial(angle, scale=1.0), RIGHT, "cells as they are"
    ),
    imports(
        "variable angle times 100, said",
        partial(angle, scale=100.0),
        RIGHT,
        "divided by 100",
        import_scale=100.0,
    ),
    imports(
        "times 50 or not",
        partial(angle, scale=10.0),
        "refused",
        "may be read in several ways",
        "cells divided by 50: the cells hold 0.00606",
        "all in GeV: the cells hold 0.303",
    ),
    imports("the same, said", partial(angle, scale=10.0), RIGHT, import_scale=10.0),
    # particles
    imports(
        "electrons and photons in a file",
        partial(fixed, code=MIXED),
        "refused",
        "target mixes particles: 40 e-, 20 gamma",
        "simulate.import_particle=e-",
    ),
    imports(
        "the photons of them",
        partial(fixed, code=MIXED),
        "20 gamma",
        "40 of 60 showers are of other",
        import_particle="gamma",
    ),
    imports(
        "electrons and photons in a folder",
        electrons_and_photons,
        "refused",
        "60 e- (first in ele.h5), 60 gamma (first in gamma.h5)",
    ),
    imports(
        "the photons of the folder",
        electrons_and_photons,
        "60 gamma, 1.01 to",
        "Left out",
        import_particle="gamma",
    ),
    imports(
        "electrons and positrons",
        partial(angle, pdgID=np.where(MIXED == 22, -11.0, 11.0)),
        "refused",
        "pdgID mixes particles: 40 e-, 20 e+",
    ),
    imports(
        "neutral pions",
        partial(fixed, code=111.0),
        "refused",
        "target, row 0 has particle code 111",
    ),
    imports(
        "no particle said",
        partial(angle, pdgID=None),
        "60 e+",
        "does not say which particle",
        particle="e+",
    ),
    # empty showers, and values that cannot be
    imports(
        "an empty shower",
        partial(empty_7, make=angle),
        "60 e-",
        "1 of 60 showers are empty",
        "59 prepared",
    ),
    imports(
        "most showers empty",
        partial(changed, dataset="ECAL", rows=slice(0, 40), value=0.0, make=fixed),
        "refused",
        "40 of 60 showers are empty",
    ),
    imports(
        "showers of nearly nothing",
        partial(
            angle,
            ECAL=(files.images(TRUTH) * 50)
            * np.where(np.arange(files.COUNT) < 2, 1e-5, 1.0)[:, None, None, None],
        ),
        "60 e-",
        "58 prepared",
    ),
    imports(
        "a cell that is no number",
        partial(changed, dataset="ECAL", rows=(7, 2, 2, 2), value=np.nan, make=fixed),
        "refused",
        "ECAL, row 7, cell (2, 2, 2) is not a number: nan",
    ),
    imports(
        "a negative cell",
        partial(changed, dataset="ECAL", rows=(5, 0, 1, 2), value=-1e-6, make=fixed),
        "refused",
        "ECAL, row 5, cell (0, 1, 2) is negative: -1e-06 GeV",
    ),
    imports(
        "an energy of zero",
        partial(changed, dataset="energy", rows=8, value=0.0, make=angle),
        "refused",
        "dataset energy, row 8 is not positive: 0",
    ),
    imports(
        "two energies that disagree",
        lambda path: changed(
            path,
            "energy",
            9,
            2.0,
            lambda p: files.write(
                p,
                ECAL=files.images(TRUTH),
                energy=TRUTH,
                target=np.stack([np.full(files.COUNT, 11.0), TRUTH], axis=1),
            ),
        ),
        "refused",
        "target, row 9 has another",
    ),
    imports(
        "images of another detector",
        partial(
            files.write,
            ECAL=np.ones((60, 11, 11, 9)),
            target=np.stack([np.full(60, 11.0), np.full(60, 50000.0)], axis=1),
        ),
        "refused",
        "(11, 11, 9) cells",
        import_unit="MeV",
        import_scale=1000.0,
    ),
    # angles
    imports(
        "no angles, one asked for", partial(angle, theta=None), RIGHT, "90 deg", "has no angles"
    ),
    imports(
        "no angles, many asked for",
        partial(angle, theta=None),
        "refused",
        "theta or mtheta is missing",
        theta_min_deg=60.0,
    ),
    imports(
        "angles in degrees",
        partial(angle, theta=np.full(files.COUNT, 86.0)),
        RIGHT,
        "86 deg",
        "is in degrees",
    ),
    imports(
        "angles in degrees, said",
        lambda path: files.attribute(
            angle(path, theta=np.linspace(2, 170, files.COUNT)), "theta", unit="deg"
        ),
        "60 e-",
        "86 deg",
    ),
    imports(
        "one angle in degrees",
        partial(changed, dataset="theta", rows=4, value=86.0, make=angle),
        "refused",
        "theta, row 4 is not an angle between 0 and pi rad: 86",
    ),
    # CaloChallenge's files, which could only be compared before
    imports("CaloChallenge", files.calochallenge, RIGHT, "all in MeV (usual for this layout)"),
    imports(
        "CaloChallenge in GeV",
        partial(files.calochallenge, factor=1.0),
        "refused",
        "and nothing says in what",
        "in GeV 1 to 3.92 GeV",
        "simulate.import_unit",
    ),
    imports("the same, said", partial(files.calochallenge, factor=1.0), RIGHT, import_unit="GeV"),
    # the same reader compares and exports
    compares(
        "compare: mixed", partial(fixed, code=MIXED), "refused", "40 e-, 20 gamma", "--particle e-"
    ),
    compares("compare: photons of it", partial(fixed, code=MIXED), "20 gamma", particle="gamma"),
    compares("compare: pions", partial(fixed, code=111.0), "refused", "particle code 111"),
    compares("compare: never times 50", partial(angle, scale=1.0), RIGHT),
    compares("compare: MeV said", partial(with_unit, unit="MeV"), RIGHT),
    compares("compare: MeV unsaid", partial(fixed, factor=1000.0), "refused", "--unit"),
    compares(
        "compare: keV counts",
        partial(fixed, factor=1e6, energy=TRUTH),
        "refused",
        "--scale",
    ),
    compares("compare: a text label", partial(angle, label=label), RIGHT),
    compares(
        "compare: unit for all files, this one says its own",
        partial(with_unit, unit="MeV"),
        RIGHT,
        unit="keV",
        for_all=True,
    ),
)
