#!/usr/bin/env bash
# Builds the environment .venv from uv.lock. Called by make; needs no root rights.
# usage: setup.sh [GROUP...]   groups of pyproject.toml to add to what there is: docs, remote
set -euo pipefail
cd "$(dirname "$0")/.."

source scripts/uv.sh

# Names everything that is missing, with the line that installs it. CMake is not among them: it
# comes from PyPI, in the version that Horovod's build needs.
check_system() {
    local packages=()
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        echo "This is $(uname -sm), but Horovod's MPI and TensorFlow come for Linux x86_64 only." >&2
        echo "Use such a machine, or a container or virtual machine with it." >&2
        exit 1
    fi
    command -v git >/dev/null || packages+=(git)
    command -v make >/dev/null || packages+=(make)
    command -v "${CXX:-c++}" >/dev/null || packages+=(g++)
    if [ -z "$(find_uv)" ] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        packages+=(python3-venv)
    fi
    if [ "${#packages[@]}" -gt 0 ]; then
        echo "Missing on this machine: ${packages[*]}. Install with" >&2
        echo "    sudo apt-get install ${packages[*]}" >&2
        packages=("${packages[@]/g++/gcc-c++}")
        echo "(Debian, Ubuntu) or" >&2
        echo "    sudo dnf install ${packages[*]/python3-venv/python3}" >&2
        echo "(RHEL, Rocky), then try again." >&2
        exit 1
    fi
}

# The range of pyproject.toml. Debian 13 has 3.13; where the system's Python is newer or older than
# all of it, uv looks for another one, and downloads one if there is none.
say_which_python() {
    local wanted
    wanted=$(sed --quiet 's/^requires-python = "\(.*\)"/\1/p' pyproject.toml)
    if [ -z "${UV_PYTHON:-}" ] && [ ! -d .venv ] &&
        ! "$uv" python find --quiet --no-python-downloads "$wanted" >/dev/null 2>&1; then
        echo "No Python $wanted here ($(python3 --version 2>&1)): uv downloads one, for this environment."
        echo "Where it cannot, name one that is here: make env UV_PYTHON=/path/to/python3.13"
    fi
}

# Said once: a bare `dvc exp run` asks for both as soon as a file is changed.
say_who_commits() {
    if ! { git config --get user.name && git config --get user.email; } >/dev/null; then
        echo "git knows no name and address of yours. Heitler's own commands and make do without;"
        echo "DVC's (dvc exp run) want both:"
        echo '    git config --global user.name "YOUR NAME"'
        echo "    git config --global user.email YOU@EXAMPLE.ORG"
    fi
}

check_system
bring_uv
keep_in_reach
say_which_python
first=
if [ ! -d .venv ]; then
    first=yes
    echo "Building the environment .venv. The first time takes some 10 minutes: 1 GB to download,"
    echo "and Horovod is built from source. Later builds use what is kept in uv's cache. In the end all"
    echo "is compiled, one to six minutes without a line."
fi
# Another active environment must not be taken for the project's own.
unset VIRTUAL_ENV
# On a busy machine a file may take longer to compile than uv's minute: no limit.
export UV_COMPILE_BYTECODE_TIMEOUT=${UV_COMPILE_BYTECODE_TIMEOUT:-0}
# Another clone may be building Horovod; uv would wait for it no longer than five minutes.
export UV_LOCK_TIMEOUT=${UV_LOCK_TIMEOUT:-3600}
# Not among the variables of pyproject.toml: what is built without it is as good, and need not be
# built again.
export HOROVOD_CMAKE=$PWD/scripts/horovod_cmake.sh
# Its list of 200 installed packages is left out. A pipe, so that all of an error is written before
# this script ends.
UV_PROJECT_ENVIRONMENT=.venv "$uv" sync --locked ${1:+--inexact} "${@/#/--group=}" 2>&1 |
    sed --unbuffered '/^ [+-] /d' >&2
scripts/display_stand_ins.sh .venv
# Whatever the packages want of this machine is named now, and not by a stage in an hour.
.venv/bin/python -m heitler.doctor.native
if [ -n "$first" ]; then
    say_who_commits
    echo "The environment is ready: source .venv/bin/activate"
fi
