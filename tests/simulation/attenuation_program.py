"""Ask Geant4, set up as for showers, for cross sections; a process of its own.

Arguments: a file to write, then energies in MeV. Writes {material: {process: [cm2/g, ...]}}.
"""

import json
import sys
from pathlib import Path

from heitler.config import load_config
from heitler.simulation.bindings import g4
from heitler.simulation.geant4 import simulate_showers
from heitler.simulation.primaries import draw_primaries

PROCESSES = ("phot", "compt", "conv", "Rayl")


def main(output: str, *energies_MeV: str) -> None:
    config = load_config()
    simulate_showers(config.detector, config.simulate, draw_primaries(config.simulate, 0, 1))
    calculator = g4.G4EmCalculator()
    answer = {}
    for name in (config.detector.absorber_material, config.detector.sensitive_material):
        density = g4.G4NistManager.Instance().FindOrBuildMaterial(name).GetDensity()
        answer[name] = {
            process: [
                calculator.ComputeCrossSectionPerVolume(
                    float(energy) * g4.MeV, "gamma", process, name
                )
                / density
                / (g4.cm2 / g4.g)
                for energy in energies_MeV
            ]
            for process in PROCESSES
        }
    Path(output).write_text(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
