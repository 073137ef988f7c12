#!/usr/bin/env bash
# Horovod's build calls this in place of cmake, because setup.sh names it in HOROVOD_CMAKE. Before
# cmake reads the sources, it mends what g++ 14 (Debian 13) refuses and older ones let pass: a header
# that common.h forgets, and in FlatBuffers an assignment to a constant that nobody calls.
set -euo pipefail
common=$1/horovod/common/common.h
span=$1/third_party/flatbuffers/include/flatbuffers/stl_emulation.h
if [ -f "$common" ] && ! grep --quiet '<stdexcept>' "$common"; then
    sed --in-place '0,/^#include </s//#include <stdexcept>\n&/' "$common"
    sed --in-place 's/^  const size_type count_;/  size_type count_;/' "$span"
fi
exec cmake "$@"
