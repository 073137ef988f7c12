"""Physics of the simulated showers, against textbook expectations."""

import numpy as np
import pytest

from heitler.data.checks import check_shower_file
from heitler.data.hdf5 import concatenate, read_attributes, read_showers
from heitler.detector import absorber_thicknesses_mm, image_shape, layer_fronts_mm
from heitler.showers import ecal_sum, longitudinal_profile, sampling_fraction, transverse_profile
from heitler.simulation.shards import simulate_shards
from tests.conftest import SAMPLE

TUNGSTEN_X0_MM = 3.504
CRITICAL_ENERGY_GEV = 7.97e-3
SMALL = {"showers": 20, "showers_per_shard": 10, "energy_min_GeV": 8.0, "energy_max_GeV": 8.0}


def simulate(folder, tables, config):
    simulate_shards(folder, tables, config.detector, config.simulate)
    return concatenate([read_showers(path) for path in sorted(folder.glob("*.h5"))])


def shower_maximum_X0(cells_GeV, detector):
    """Depth of the maximum of the mean longitudinal profile, by a parabola over five layers."""
    profile = longitudinal_profile(cells_GeV).mean(axis=0)
    layers = np.arange(profile.argmax() - 2, profile.argmax() + 3)
    depth_X0 = np.cumsum(absorber_thicknesses_mm(detector))[layers] / TUNGSTEN_X0_MM
    curvature, slope, _ = np.polyfit(depth_X0, profile[layers], 2)
    return -slope / (2 * curvature)


def mean_layer(showers):
    profile = longitudinal_profile(showers.cells_GeV)
    return (profile @ np.arange(profile.shape[1]) / profile.sum(axis=1)).mean()


def test_sampling_fraction_is_that_of_a_tungsten_silicon_calorimeter(showers):
    fraction = sampling_fraction(showers.cells_GeV, showers.primary_energy_GeV)
    assert 0.02 < fraction.mean() < 0.035


def test_deposited_energy_is_proportional_to_primary_energy(showers):
    energy, deposited = showers.primary_energy_GeV, ecal_sum(showers.cells_GeV)
    high = energy > 5.5
    low_fraction, high_fraction = (deposited[s].sum() / energy[s].sum() for s in (~high, high))
    assert high_fraction == pytest.approx(low_fraction, rel=0.1)


def test_resolution_follows_the_square_root_of_energy(showers):
    fraction = sampling_fraction(showers.cells_GeV, showers.primary_energy_GeV)
    stochastic = (fraction / fraction.mean() - 1) * np.sqrt(showers.primary_energy_GeV)
    assert 0.12 < stochastic.std() < 0.24  # about 17% / sqrt(E/GeV)


def test_shower_maximum_lies_where_heitlers_model_puts_it(showers, make_config):
    energetic = showers[showers.primary_energy_GeV > 4]
    expected = np.log(energetic.primary_energy_GeV / CRITICAL_ENERGY_GEV).mean() - 0.5
    found = shower_maximum_X0(energetic.cells_GeV, make_config().detector)
    assert found == pytest.approx(expected, abs=0.7)


def test_showers_of_more_energy_go_deeper(showers):
    high = showers.primary_energy_GeV > 5.5
    assert mean_layer(showers[high]) > mean_layer(showers[~high]) + 0.4


def test_a_perpendicular_particle_hits_the_central_cell(showers):
    assert transverse_profile(showers.cells_GeV, axis=0).sum(axis=0).argmax() == 12
    assert transverse_profile(showers.cells_GeV, axis=1).sum(axis=0).argmax() == 12


def test_a_tilted_particle_moves_along_y_with_depth(tmp_path, tables, make_config):
    tilted = {"theta_min_deg": 60.0, "theta_max_deg": 60.0}
    config = make_config(simulate=SMALL | tilted, detector={"cells_kept": 51})
    showers = simulate(tmp_path, tables, config)
    assert showers.theta_rad == pytest.approx(np.full(20, np.pi / 3))
    kept = slice(2, 15)  # deeper down the image cuts the shower's side
    depth_mm = layer_fronts_mm(config.detector)[kept]
    energy = showers.cells_GeV.sum(axis=0)[:, :, kept]  # (X, Y, Z)
    cells = (np.arange(51) - 25) * config.detector.cell_size_mm
    x_mm = np.einsum("xyz,x->z", energy, cells) / energy.sum(axis=(0, 1))
    y_mm = np.einsum("xyz,y->z", energy, cells) / energy.sum(axis=(0, 1))
    assert np.polyfit(depth_mm, y_mm, 1)[0] == pytest.approx(1 / np.tan(np.pi / 3), rel=0.1)
    assert np.polyfit(depth_mm, x_mm, 1)[0] == pytest.approx(0, abs=0.03)


def test_photons_of_the_same_energies_shower_deeper(showers, tmp_path, tables, make_config):
    one_shard = SAMPLE | {"showers": 30, "particle": "gamma"}
    photons = simulate(tmp_path, tables, make_config(simulate=one_shard))
    electrons = showers[:30]
    assert photons.particle == "gamma"
    np.testing.assert_array_equal(photons.primary_energy_GeV, electrons.primary_energy_GeV)
    assert mean_layer(photons) > mean_layer(electrons) + 0.5


def test_a_coarser_production_cut_leaves_fewer_cells_hit(showers, tmp_path, tables, make_config):
    one_shard = SAMPLE | {"showers": 30, "cut_mm": 50.0}
    coarse = simulate(tmp_path, tables, make_config(simulate=one_shard))
    assert (coarse.cells_GeV > 0).sum() < 0.93 * (showers[:30].cells_GeV > 0).sum()


def test_another_detector_gives_images_of_its_own_shape(tmp_path, tables, make_config):
    config = make_config(
        simulate=SMALL,
        detector={
            "sections": [{"layers": 12, "absorber_thickness_mm": 4.8}],
            "cells_simulated": 21,
            "cells_kept": 11,
        },
    )
    showers = simulate(tmp_path, tables, config)
    assert showers.cells_GeV.shape == (20, 11, 11, 12)
    expected = np.log(8.0 / CRITICAL_ENERGY_GEV) - 0.5
    assert shower_maximum_X0(showers.cells_GeV, config.detector) == pytest.approx(expected, abs=0.9)


def test_files_pass_the_checks_and_say_how_they_were_made(shower_folder, showers, make_config):
    path = shower_folder / "shard-00001.h5"
    check_shower_file(path, image_shape(make_config().detector))
    attributes = read_attributes(path)
    assert attributes["label"] == "Geant4 11.4 opt0, PENELOPE-derived tables"
    assert attributes["geometry"]["sections"][0] == {"layers": 17, "absorber_thickness_mm": 2.4}
    assert attributes["cut_mm"] == 0.7
    assert len(attributes["tables_digest"]) == 64
    assert attributes["cpu_seconds_per_shower"] > 0
    assert (showers.cpu_seconds > 0).all()
    assert list(showers.event_id) == list(range(60))
