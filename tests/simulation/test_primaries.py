import numpy as np
import pytest

from heitler.simulation.primaries import draw_primaries


def test_energies_and_angles_stay_in_their_ranges(make_config):
    simulate = make_config(simulate={"theta_min_deg": 60.0, "theta_max_deg": 120.0}).simulate
    primaries = draw_primaries(simulate, 0, 2000)
    assert 10.0 <= primaries.energy_GeV.min() < 11.0
    assert 99.0 < primaries.energy_GeV.max() <= 100.0
    assert np.rad2deg(primaries.theta_rad).min() == pytest.approx(60.0, abs=0.5)
    assert np.rad2deg(primaries.theta_rad).max() == pytest.approx(120.0, abs=0.5)
    assert abs(np.corrcoef(primaries.energy_GeV, primaries.theta_rad)[0, 1]) < 0.1


def test_log_uniform_spectrum_has_equal_numbers_per_decade(make_config):
    simulate = make_config(
        simulate={"energy_min_GeV": 1.0, "energy_spectrum": "log-uniform"}
    ).simulate
    energies = draw_primaries(simulate, 0, 4000).energy_GeV
    assert np.mean(energies < 10.0) == pytest.approx(0.5, abs=0.03)


def test_a_longer_shard_begins_with_the_particles_of_a_shorter_one(make_config):
    simulate = make_config(simulate={"theta_min_deg": 60.0}).simulate
    short, long = (draw_primaries(simulate, 3, showers) for showers in (5, 9))
    np.testing.assert_array_equal(short.energy_GeV, long.energy_GeV[:5])
    np.testing.assert_array_equal(short.theta_rad, long.theta_rad[:5])
    assert short.geant4_seeds == long.geant4_seeds


def test_shards_and_seeds_differ(make_config):
    simulate = make_config().simulate
    drawn = [
        draw_primaries(simulate, 0, 3),
        draw_primaries(simulate, 1, 3),
        draw_primaries(make_config(simulate={"seed": 2}).simulate, 0, 3),
    ]
    assert len({tuple(primaries.energy_GeV) for primaries in drawn}) == 3
    assert len({primaries.geant4_seeds for primaries in drawn}) == 3
    assert list(drawn[1].event_id) == [100, 101, 102]
