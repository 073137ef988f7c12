import functools
import hashlib
import http.server
import os
import threading

import h5py
import numpy as np
import pytest

from heitler.data.cern import import_showers
from heitler.data.checks import DataError, check_shower_file
from heitler.data.hdf5 import concatenate, read_showers

SHAPE = (25, 25, 25)


def write_fixed_angle(path, showers):
    """CERN's fixed-angle layout."""
    with h5py.File(path, "w") as file:
        file["ECAL"] = showers.cells_GeV
        code = np.full(len(showers), 11.0)
        file["target"] = np.stack([code, showers.primary_energy_GeV], axis=1)


def write_variable_angle(path, showers):
    """CERN's variable-angle layout: cell energies times 50."""
    with h5py.File(path, "w") as file:
        file["ECAL"] = showers.cells_GeV * np.float32(50)
        file["energy"] = showers.primary_energy_GeV
        file["theta"] = np.linspace(1.1, 2.0, len(showers), dtype=np.float32)
        file["mtheta"] = np.zeros(len(showers))


@pytest.fixture
def importer(tmp_path, make_config):
    """Import from a path or URL into shards of 25; returns folder and count."""

    def run(source, **changes):
        values = {"import_from": str(source), "showers_per_shard": 25, "showers": 1000} | changes
        config = make_config(simulate=values)
        folder = tmp_path / "showers"
        folder.mkdir(exist_ok=True)
        downloads = tmp_path / "downloads"
        return folder, import_showers(folder, downloads, config.detector, config.simulate)

    return run


def read_all(folder):
    return concatenate([read_showers(path) for path in sorted(folder.glob("*.h5"))])


def test_fixed_angle_files_become_shards(showers, importer, tmp_path):
    write_fixed_angle(tmp_path / "ele.h5", showers)
    folder, count = importer(tmp_path / "ele.h5")
    assert count == 60
    assert [len(read_showers(path)) for path in sorted(folder.iterdir())] == [25, 25, 10]
    imported = read_all(folder)
    np.testing.assert_array_equal(imported.cells_GeV, showers.cells_GeV)
    np.testing.assert_allclose(imported.primary_energy_GeV, showers.primary_energy_GeV)
    np.testing.assert_allclose(imported.theta_rad, np.pi / 2)
    assert np.isnan(imported.cpu_seconds).all()
    for path in folder.iterdir():
        check_shower_file(path, SHAPE)


def test_a_failed_import_leaves_the_showers_that_were_there(showers, importer, tmp_path):
    source = tmp_path / "ele.h5"
    write_fixed_angle(source, showers)
    folder, _ = importer(source)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with h5py.File(source, "r+") as file:
        file["ECAL"][59, 0, 0, 0] = np.nan  # in the last shard
    with pytest.raises(DataError):
        importer(source)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ele.h5", "showers"]


def test_variable_angle_cells_are_brought_back_to_GeV(showers, importer, tmp_path):
    write_variable_angle(tmp_path / "angle.h5", showers)
    folder, _ = importer(tmp_path / "angle.h5", particle="e+")
    imported = read_all(folder)
    np.testing.assert_allclose(imported.cells_GeV, showers.cells_GeV, rtol=1e-6)
    np.testing.assert_allclose(imported.theta_rad, np.linspace(1.1, 2.0, 60), rtol=1e-6)
    assert imported.particle == "e+"


def test_our_own_files_can_be_imported(shower_folder, showers, importer):
    folder, _ = importer(shower_folder)
    np.testing.assert_array_equal(read_all(folder).cells_GeV, showers.cells_GeV)


def test_a_folder_is_imported_in_order_up_to_the_count_asked_for(showers, importer, tmp_path):
    source = tmp_path / "cern"
    source.mkdir()
    write_fixed_angle(source / "a.h5", showers[:30])
    write_fixed_angle(source / "b.hdf5", showers[30:])
    folder, count = importer(source, showers=50)
    imported = read_all(folder)
    assert count == len(imported) == 50
    np.testing.assert_array_equal(imported.event_id, np.arange(50))
    np.testing.assert_array_equal(imported.cells_GeV, showers.cells_GeV[:50])


def test_an_import_replaces_all_earlier_shards(showers, importer, tmp_path):
    write_fixed_angle(tmp_path / "long.h5", showers)
    write_fixed_angle(tmp_path / "short.h5", showers[:10])
    importer(tmp_path / "long.h5")
    folder, _ = importer(tmp_path / "short.h5")
    assert [path.name for path in folder.iterdir()] == ["shard-00000.h5"]


def complaint(importer, source):
    with pytest.raises(DataError) as caught:
        importer(source)
    return str(caught.value)


def test_a_missing_path_says_where_the_public_data_are(importer, tmp_path):
    message = complaint(importer, tmp_path / "nowhere.h5")
    assert "nowhere.h5: no such file or folder" in message
    assert "zenodo.org/records/3603086" in message


def test_a_truncated_import_is_refused(showers, importer, tmp_path):
    write_fixed_angle(tmp_path / "ele.h5", showers)
    os.truncate(tmp_path / "ele.h5", 100_000)
    assert "ele.h5: is truncated" in complaint(importer, tmp_path / "ele.h5")


@pytest.mark.parametrize(
    ("dataset", "index", "value", "said"),
    [
        (
            "ECAL",
            (31, 0, 0, 0),
            np.nan,
            "dataset ECAL, row 31, cell (0, 0, 0) is not a number: nan",
        ),
        ("ECAL", (32, 0, 0, 0), -1.0, "dataset ECAL, row 32, cell (0, 0, 0) is negative: -1 GeV"),
        ("target", (34, 1), np.nan, "dataset target, row 34 is not a number: nan"),
        ("target", (0, 0), 211.0, "dataset target mixes particles: 59 e-, 1 PDG code 211"),
        ("target", (slice(None), 1), 0.01, "State what is right: simulate.import_unit"),
    ],
)
def test_a_faulty_value_is_found_with_dataset_and_row(
    showers, importer, tmp_path, dataset, index, value, said
):
    write_fixed_angle(tmp_path / "ele.h5", showers)
    with h5py.File(tmp_path / "ele.h5", "r+") as file:
        file[dataset][index] = value
    assert said in complaint(importer, tmp_path / "ele.h5")


def test_unknown_layouts_and_shapes_are_refused(showers, importer, tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["ECAL"] = showers.cells_GeV
    assert "dataset energy is missing (present: ECAL)" in complaint(importer, path)
    with h5py.File(path, "w") as file:
        file["ECAL"] = showers.cells_GeV[:, :20]
        file["target"] = np.full((60, 2), 11.0)
    assert "the detector's images are (25, 25, 25)" in complaint(importer, path)


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, breaks off after `limit` bytes when set, and knows byte ranges."""

    limit: int | None = None
    requests: list[str | None] = []  # noqa: RUF012

    def do_GET(self):
        path = self.translate_path(self.path)
        if not os.path.isfile(path):
            self.send_error(404)
            return
        content = open(path, "rb").read()  # noqa: SIM115
        wanted = self.headers.get("Range")
        type(self).requests.append(wanted)
        first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        self.wfile.write(content[first:][: type(self).limit])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def served(tmp_path):
    """A web server on this machine over tmp_path/web: (folder, address)."""
    folder = tmp_path / "web"
    folder.mkdir()
    Server.limit, Server.requests = None, []
    handler = functools.partial(Server, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_url_is_downloaded_once(showers, importer, served):
    web, address = served
    write_fixed_angle(web / "ele.h5", showers)
    for _ in range(2):
        folder, count = importer(f"{address}/ele.h5?download=1")
    assert count == 60
    np.testing.assert_array_equal(read_all(folder).cells_GeV, showers.cells_GeV)
    assert Server.requests == [None]


def test_a_broken_download_continues_where_it_stopped(showers, importer, served, tmp_path):
    web, address = served
    write_fixed_angle(web / "ele.h5", showers)
    Server.limit = 1_500_000
    message = complaint(importer, f"{address}/ele.h5")
    assert "the connection ended after 1500000 of" in message
    assert not list((tmp_path / "showers").iterdir())
    Server.limit = None
    folder, _ = importer(f"{address}/ele.h5")
    np.testing.assert_array_equal(read_all(folder).cells_GeV, showers.cells_GeV)
    assert Server.requests == [None, "bytes=1500000-"]


def test_a_url_that_does_not_answer_is_named(importer, served):
    _, address = served
    assert f"{address}/none.h5: download failed (HTTP Error 404" in complaint(
        importer, f"{address}/none.h5"
    )


def test_a_download_with_another_checksum_is_refused_and_kept_under_another_name(
    showers, importer, served, tmp_path
):
    web, address = served
    write_fixed_angle(web / "ele.h5", showers)
    right = hashlib.sha256((web / "ele.h5").read_bytes()).hexdigest()
    message = complaint(importer, f"{address}/ele.h5#sha256={'0' * 64}")
    assert f"its SHA-256 is {right}, not {'0' * 64}" in message
    [kept] = (tmp_path / "downloads").glob("*ele.h5*")
    assert f"kept as {kept}, and not used" in message
    assert importer(f"{address}/ele.h5#sha256={right}")[1] == 60
