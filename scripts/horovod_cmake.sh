#!/usr/bin/env bash
# Horovod's build calls this in place of cmake, because setup.sh names it in HOROVOD_CMAKE. It mends
# what g++ 14 (Debian 13) refuses and older ones let pass: headers that Horovod's files do not name,
# given to all of them, and in FlatBuffers an assignment to a constant, which nobody calls.
set -euo pipefail
span=$1/third_party/flatbuffers/include/flatbuffers/stl_emulation.h
if [ -f "$span" ]; then
    sed --in-place 's/^  const size_type count_;/  size_type count_;/' "$span"
fi
export CXXFLAGS="${CXXFLAGS:-} -include stdexcept -include cstdint"
exec cmake "$@"
