"""The shell scripts around the pipeline."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_stages_run_the_code_of_their_own_copy_in_the_environment_above_it(tmp_path):
    """DVC copies the project for queued experiments; the code may change before they start."""
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "environment above, $PYTHONPATH, $@"\n')
    python.chmod(0o755)
    copy = tmp_path / ".dvc/tmp/exps/copy"
    copy.mkdir(parents=True)
    done = subprocess.run(
        [SCRIPTS / "python", "pipelines/train.py"],
        cwd=copy,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"environment above, {copy}/src, -u pipelines/train.py\n"


def test_set_up_names_all_missing_tools_before_it_starts(tmp_path):
    (tmp_path / "scripts").mkdir()
    for name in ("setup.sh", "uv.sh"):
        shutil.copy2(SCRIPTS / name, tmp_path / "scripts")
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("bash", "dirname", "uname", "awk", "sort"):
        (bare / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [tmp_path / "scripts/setup.sh"], env={"PATH": str(bare)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "sudo apt-get install git make g++ python3-venv" in done.stderr
    assert "sudo dnf install git make gcc-c++ python3\n" in done.stderr
    assert not (tmp_path / ".venv").exists()


UV = """#!/bin/sh
case "$*" in
    --version) echo "uv 0.11.0" ;;
    "cache dir" | "tool dir" | "python dir") echo "$FAKE_HOME/$1" ;;
    "python find"*) exit "$FAKE_FOUND" ;;
    sync*)
        mkdir -p .venv/bin
        cp /bin/true .venv/bin/python
        echo "cache ${UV_CACHE_DIR-default}, Pythons ${UV_PYTHON_INSTALL_DIR-default}" ;;
    "tool run"*) echo "cache ${UV_CACHE_DIR-default}, tools ${UV_TOOL_DIR-default}, $*" ;;
esac
"""


@pytest.fixture
def run_script(tmp_path):
    """Runs a real script with a uv that only says what it was asked; its output."""
    for folder in ("scripts", "bin", "home"):
        (tmp_path / folder).mkdir()
    for name in ("setup.sh", "uv.sh", "audit.sh"):
        shutil.copy2(SCRIPTS / name, tmp_path / "scripts")
    shutil.copy2(SCRIPTS.parent / "pyproject.toml", tmp_path)
    for name, text in (("scripts/display_stand_ins.sh", "#!/bin/sh\n"), ("bin/uv", UV)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run(name, **variables):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
        kept |= {"PATH": f"{tmp_path}/bin:{kept['PATH']}", "HOME": str(tmp_path / "home")}
        kept |= {"FAKE_HOME": str(tmp_path / "home"), "FAKE_FOUND": "0"} | variables
        script = tmp_path / "scripts" / name
        done = subprocess.run([script], env=kept, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    return run


@pytest.fixture
def set_up(run_script):
    return functools.partial(run_script, "setup.sh")


def test_set_up_says_that_uv_brings_a_python_where_none_fits(set_up, tmp_path):
    assert "uv downloads one" not in set_up()
    shutil.rmtree(tmp_path / ".venv")
    output = set_up(FAKE_FOUND="2")
    assert "No Python >=3.11,<3.14 here" in output
    assert "uv downloads one" in output


def test_a_python_that_was_named_is_not_looked_for(set_up):
    assert "uv downloads one" not in set_up(FAKE_FOUND="2", UV_PYTHON="/opt/python3.13")


def test_a_home_that_cannot_be_written_keeps_nothing_of_uv(run_script, tmp_path):
    assert "cache default, Pythons default\n" in run_script("setup.sh")
    assert "cache default, tools default, " in run_script("audit.sh")
    (tmp_path / "home/file").touch()  # root may write every folder, but none below a file
    for name in ("setup.sh", "audit.sh"):
        output = run_script(name, FAKE_HOME=str(tmp_path / "home/file"))
        assert f"{tmp_path}/home/file/cache cannot be written" in output
        assert f"cache {tmp_path}/.tools/cache, " in output
        assert {
            "setup.sh": f"Pythons {tmp_path}/.tools/python",
            "audit.sh": f"tools {tmp_path}/.tools/tool",
        }[name] in output


def test_the_audit_keeps_its_answers_in_the_checkout(run_script):
    assert " pip-audit --vulnerability-service osv --cache-dir .tools/audit " in run_script(
        "audit.sh"
    )


def test_set_up_tells_a_newcomer_what_a_bare_dvc_wants(set_up, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert "git config --global user.email" in set_up()


def test_what_new_compilers_refuse_is_mended_before_cmake_reads_it(tmp_path):
    """In Horovod's sources; other calls of cmake change nothing."""
    span = tmp_path / "third_party/flatbuffers/include/flatbuffers/stl_emulation.h"
    span.parent.mkdir(parents=True)
    span.write_text(" private:\n  pointer const data_;\n  const size_type count_;\n")
    cmake = tmp_path / "bin/cmake"
    cmake.parent.mkdir()
    cmake.write_text('#!/bin/sh\necho "cmake $* with $CXXFLAGS"\n')
    cmake.chmod(0o755)
    variables = {"PATH": f"{cmake.parent}:{os.environ['PATH']}", "CXXFLAGS": "-DX"}
    for words in ([str(tmp_path), "-DY=1"], [str(tmp_path), "-DY=1"], ["--build", "."]):
        command = [SCRIPTS / "horovod_cmake.sh", *words]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
        flags = "-DX -include stdexcept -include cstdint"
        assert done.stdout == f"cmake {' '.join(words)} with {flags}\n"
    assert span.read_text() == " private:\n  pointer const data_;\n  size_type count_;\n"
