import subprocess
import sys
from pathlib import Path

STAGE = Path("pipelines/simulate.py").resolve()


def run_in(folder):
    return subprocess.run([sys.executable, STAGE], cwd=folder, capture_output=True, text=True)


def test_an_error_of_ours_is_one_message_and_exit_code_1(tmp_path):
    done = run_in(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: params.yaml: not found")
    assert "Traceback" not in done.stderr


def test_missing_tables_say_how_to_make_them(tmp_path):
    (tmp_path / "params.yaml").write_text(Path("params.yaml").read_text())
    done = run_in(tmp_path)
    assert done.returncode == 1
    assert "data/tables: no Geant4 tables" in done.stderr
    assert "dvc repro --force tables" in done.stderr
