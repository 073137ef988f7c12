"""Geant4 showers of one shard: the physics, the source, the run and the read-out.

A process of its own, started by `heitler.simulation.processes`: Geant4 keeps global state and can
be set up once per process.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.config import DetectorConfig, SimulateConfig
from heitler.data.hdf5 import Showers, write_showers
from heitler.detector import layers
from heitler.simulation.bindings import g4
from heitler.simulation.calorimeter import SCORER, SCORING, Calorimeter
from heitler.simulation.primaries import Primaries, draw_primaries

SOURCE_DISTANCE_MM = 10.0
"""From the source to the middle of the calorimeter's face, which it aims at."""


class StandardElectromagnetic(g4.G4VModularPhysicsList):  # type: ignore[misc]
    """G4EmStandardPhysics, "opt0"; the tables hold no data for atomic de-excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.RegisterPhysics(g4.G4EmStandardPhysics())
        parameters = g4.G4EmParameters.Instance()
        parameters.SetFluo(False)
        parameters.SetAuger(False)
        parameters.SetPixe(False)


class Source(g4.G4VUserPrimaryGeneratorAction):  # type: ignore[misc]
    """Shoots the next primary particle at every event, and starts the clock."""

    def __init__(self, particle: str, primaries: Primaries) -> None:
        super().__init__()
        self.primaries = primaries
        self.gun = g4.G4ParticleGun(1)
        self.gun.SetParticleDefinition(g4.G4ParticleTable.GetParticleTable().FindParticle(particle))
        self.started = 0.0

    def GeneratePrimaries(self, event: Any) -> None:
        """Called by Geant4 at the start of an event."""
        self.started = time.process_time()
        row = event.GetEventID()
        direction = self.primaries.direction[row]
        self.gun.SetParticleEnergy(self.primaries.energy_GeV[row] * g4.GeV)
        self.gun.SetParticleMomentumDirection(g4.G4ThreeVector(*direction))
        self.gun.SetParticlePosition(g4.G4ThreeVector(*(-SOURCE_DISTANCE_MM * direction)))
        self.gun.GeneratePrimaryVertex(event)


class Readout(g4.G4UserEventAction):  # type: ignore[misc]
    """Copies every event's deposits into images of the central cells."""

    def __init__(self, detector: DetectorConfig, source: Source, done: Callable[[], None]) -> None:
        super().__init__()
        self.source, self.done = source, done
        cells, cut = detector.cells_simulated, (detector.cells_simulated - detector.cells_kept) // 2
        self.shape = (layers(detector), cells, cells)
        self.kept = slice(cut, cells - cut)
        self.images: list[NDArray[np.float32]] = []
        self.cpu_seconds: list[float] = []

    def EndOfEventAction(self, event: Any) -> None:
        """Called by Geant4 at the end of an event."""
        number = g4.G4SDManager.GetSDMpointer().GetCollectionID(f"{SCORING}/{SCORER}")
        deposits = np.zeros(self.shape)  # (Z, X, Y)
        for cell, energy in event.GetHCofThisEvent().GetHC(number):
            deposits.flat[cell] = energy / g4.GeV
        image = np.moveaxis(deposits[:, self.kept, self.kept], 0, -1)  # (X, Y, Z)
        self.images.append(image.astype(np.float32))
        self.cpu_seconds.append(time.process_time() - self.source.started)
        self.done()


class Actions(g4.G4VUserActionInitialization):  # type: ignore[misc]
    """Hands source and read-out to Geant4."""

    def __init__(self, source: Source, readout: Readout) -> None:
        super().__init__()
        self.source, self.readout = source, readout

    def Build(self) -> None:
        """Called by Geant4."""
        self.SetUserAction(self.source)
        self.SetUserAction(self.readout)


def simulate_showers(
    detector: DetectorConfig,
    simulate: SimulateConfig,
    primaries: Primaries,
    done: Callable[[], None] = lambda: None,
) -> Showers:
    """Simulate one shower per primary particle; call `done` after each. Once per process."""
    manager = g4.G4RunManagerFactory.CreateRunManager(g4.G4RunManagerType.SerialOnly)
    calorimeter, physics = Calorimeter(detector), StandardElectromagnetic()
    manager.SetUserInitialization(calorimeter)
    manager.SetUserInitialization(physics)
    source = Source(simulate.particle, primaries)
    readout = Readout(detector, source, done)
    actions = Actions(source, readout)
    manager.SetUserInitialization(actions)
    command = g4.G4UImanager.GetUIpointer().ApplyCommand
    command("/random/setSeeds {} {}".format(*primaries.geant4_seeds))
    manager.Initialize()
    command(f"/run/setCut {simulate.cut_mm} mm")  # before Initialize it has no effect
    manager.BeamOn(len(primaries))
    return Showers(
        cells_GeV=np.stack(readout.images),
        primary_energy_GeV=primaries.energy_GeV.astype(np.float32),
        theta_rad=primaries.theta_rad.astype(np.float32),
        event_id=primaries.event_id,
        cpu_seconds=np.array(readout.cpu_seconds, np.float32),
        particle=simulate.particle,
    )


def geant4_version() -> str:
    """Such as 11.4.1."""
    number = g4.G4VERSION_NUMBER  # 1141
    return f"{number // 100}.{number // 10 % 10}.{number % 10}"


def main() -> None:
    """Simulate the shard that the job on standard input describes, and write its file.

    After each shower a byte goes to the descriptor `progress`. When nobody reads it any more, the
    parent process is gone: then this process ends too.
    """
    job = json.load(sys.stdin)
    detector = DetectorConfig(**job["detector"])
    simulate = SimulateConfig(**job["simulate"])
    primaries = draw_primaries(simulate, job["shard"], job["showers"])
    showers = simulate_showers(detector, simulate, primaries, lambda: _report(job["progress"]))
    version = geant4_version()
    attributes = job["attributes"] | {
        "label": f"Geant4 {version.rpartition('.')[0]} opt0, {job['attributes']['tables']}",
        "geant4_version": version,
        "cpu_seconds_per_shower": float(showers.cpu_seconds.mean()),
    }
    write_showers(Path(job["path"]), showers, attributes)


def _report(progress: int) -> None:
    try:
        os.write(progress, b".")
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
