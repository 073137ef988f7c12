#!/usr/bin/env bash
# Compiles empty stand-ins for the display libraries that Geant4's Python bindings link to, which
# only desktops have; nothing is ever drawn. heitler.simulation.display takes them where the real
# ones are missing, in the processes that load Geant4 alone. Called by setup.sh; no root rights.
# usage: display_stand_ins.sh ENVIRONMENT
set -euo pipefail
shopt -s nullglob
environment=$1
target=$environment/lib/display-stand-ins
new=$target.new
rm -rf "$new"
mkdir -p "$new"
libraries=("$environment"/lib/python3*/site-packages/geant4_pybind{.*.so,.libs/*.so*})

# Names of the symbols that the bindings and the libraries beside them have, or want.
symbols() {
    nm --dynamic "$1" "${libraries[@]}" | awk 'NF > 1 {print $NF}' | sed 's/@.*//' | sort --unique
}

# Each defines all names that are wanted of any: some of the real ones may be there.
comm -23 <(symbols --undefined-only) <(symbols --defined-only) |
    awk '/^(_?X|gl[A-Z]|_?Ice|Sm)/ {print "void " $1 "(void) {}"}' > "$new/empty.c"
for name in libX11.so.6 libXext.so.6 libICE.so.6 libSM.so.6 libGL.so.1; do
    "${CXX:-c++}" -x c -w -fno-builtin -shared -fPIC "-Wl,-soname,$name" -o "$new/$name" "$new/empty.c"
done
rm -rf "$target"
mv "$new" "$target"
