"""Geometry of the calorimeter: image shape, layer depths, cell positions, axis order.

An image is indexed [x, y, z]: x and y transverse cells, z the layer, front to back.
"""

import numpy as np
from numpy.typing import NDArray

from heitler.config import DetectorConfig


def layers(detector: DetectorConfig) -> int:
    """Number of layers."""
    return sum(section.layers for section in detector.sections)


def image_shape(detector: DetectorConfig) -> tuple[int, int, int]:
    """Cells of the kept image along x, y, z."""
    return detector.cells_kept, detector.cells_kept, layers(detector)


def absorber_thicknesses_mm(detector: DetectorConfig) -> NDArray[np.float64]:
    """Absorber thickness of every layer, front to back: (Z,) mm."""
    return np.concatenate(
        [np.full(section.layers, section.absorber_thickness_mm) for section in detector.sections]
    )


def layer_fronts_mm(detector: DetectorConfig) -> NDArray[np.float64]:
    """Depth of the front of every layer's absorber below the calorimeter's face: (Z,) mm."""
    pitch = absorber_thicknesses_mm(detector) + detector.gap_mm
    return np.concatenate([[0.0], np.cumsum(pitch)[:-1]])


def depth_mm(detector: DetectorConfig) -> float:
    """From the face to the back of the last gap, mm."""
    return float(np.sum(absorber_thicknesses_mm(detector) + detector.gap_mm))


def transverse_centres_mm(detector: DetectorConfig) -> NDArray[np.float64]:
    """Positions of the kept cells' centres along x (or y), 0 in the middle: (X,) mm."""
    index = np.arange(detector.cells_kept) - (detector.cells_kept - 1) / 2
    return np.asarray(index * detector.cell_size_mm, np.float64)
