"""The calorimeter in Geant4: its volumes, and the C++ scoring of the energy in every cell."""

from typing import Any

from heitler.config import DetectorConfig
from heitler.detector import absorber_thicknesses_mm, depth_mm, layer_fronts_mm, layers
from heitler.simulation.bindings import g4
from heitler.simulation.materials import WORLD_MATERIAL

SCORER = "deposit"
SCORING = "calorimeter"
WORLD_MARGIN_MM = 100.0


class Calorimeter(g4.G4VUserDetectorConstruction):  # type: ignore[misc]
    """Layers of absorber, sensor and gap along z; the face, at z = 0, is an x-y plane."""

    def __init__(self, detector: DetectorConfig) -> None:
        super().__init__()
        self.detector = detector
        self.side_mm = detector.cells_simulated * detector.cell_size_mm
        self.owned: list[Any] = []  # Geant4 keeps pointers: Python must not free these

    def Construct(self) -> Any:
        """Called by Geant4: build all volumes, return the world."""
        detector = self.detector
        world_side = self.side_mm + 2 * WORLD_MARGIN_MM
        world_depth = 2 * (depth_mm(detector) + WORLD_MARGIN_MM)  # the face is in its middle
        world = self._box("world", world_side, world_depth, WORLD_MATERIAL)
        placed_world = self._place(world, "world", None, 0.0, 0)
        absorbers = {
            thickness: self._box("absorber", self.side_mm, thickness, detector.absorber_material)
            for thickness in set(absorber_thicknesses_mm(detector))
        }
        sensor = self._build_sensor()
        for layer, (front, thickness) in enumerate(
            zip(layer_fronts_mm(detector), absorber_thicknesses_mm(detector), strict=True)
        ):
            self._place(absorbers[thickness], "absorber", world, front + thickness / 2, layer)
            centre = front + thickness + detector.sensitive_thickness_mm / 2
            self._place(sensor, "sensor", world, centre, layer)
        return placed_world

    def ConstructSDandField(self) -> None:
        """Called by Geant4: score energy by layer (depth 2), column (1) and cell in it (0)."""
        cells = self.detector.cells_simulated
        scorer = g4.G4PSEnergyDeposit3D(SCORER, layers(self.detector), cells, cells, 2, 1, 0)
        scoring = g4.G4MultiFunctionalDetector(SCORING)
        g4.G4SDManager.GetSDMpointer().AddNewDetector(scoring)
        scoring.RegisterPrimitive(scorer)
        self.SetSensitiveDetector(self.cell, scoring)
        self.owned += [scorer, scoring]

    def _build_sensor(self) -> Any:
        """A plane of sensors, divided into columns along x, and those into cells along y."""
        cells, size = self.detector.cells_simulated, self.detector.cell_size_mm
        thickness = self.detector.sensitive_thickness_mm
        material = self.detector.sensitive_material
        plane = self._box("sensor", self.side_mm, thickness, material)
        column = self._box("column", self.side_mm, thickness, material, width_mm=size)
        self.cell = self._box("cell", size, thickness, material)
        self.owned += [
            g4.G4PVReplica("column", column, plane, g4.kXAxis, cells, size),
            g4.G4PVReplica("cell", self.cell, column, g4.kYAxis, cells, size),
        ]
        return plane

    def _box(
        self, name: str, side_mm: float, depth: float, material: str, width_mm: float | None = None
    ) -> Any:
        """A logical box; `width_mm` is its size along x where it differs from that along y."""
        width = side_mm if width_mm is None else width_mm
        solid = g4.G4Box(name, width / 2, side_mm / 2, depth / 2)
        found = g4.G4NistManager.Instance().FindOrBuildMaterial(material)
        volume = g4.G4LogicalVolume(solid, found, name)
        self.owned += [solid, volume]
        return volume

    def _place(self, volume: Any, name: str, mother: Any, z_mm: float, copy: int) -> Any:
        position = g4.G4ThreeVector(0, 0, z_mm)
        placed = g4.G4PVPlacement(None, position, volume, name, mother, False, copy)
        self.owned.append(placed)
        return placed
