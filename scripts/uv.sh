# Which uv the scripts use, and where it keeps its files. To be sourced in the checkout.

# Older ones do not know the settings in pyproject.toml by which Horovod is built.
OLDEST_UV=0.9

# uv from PATH if it is new enough, else the one that bring_uv installs.
find_uv() {
    local candidate version
    for candidate in uv .tools/uv/bin/uv; do
        version=$("$candidate" --version 2>/dev/null | awk '{print $2}') || continue
        if printf '%s\n' "$OLDEST_UV" "$version" | sort --version-sort --check=quiet; then
            echo "$candidate"
            return
        fi
    done
}

# Names it in $uv.
bring_uv() {
    uv=$(find_uv)
    if [ -z "$uv" ]; then
        echo "Installing uv, which installs everything else, into .tools/ ..."
        python3 -m venv --clear .tools/uv
        .tools/uv/bin/pip install --quiet "uv>=$OLDEST_UV"
        uv=.tools/uv/bin/uv
    fi
}

# A home that cannot be written, as in some containers and batch jobs, has no place for what uv keeps
# there: its cache, tools, and the Pythons that it brings. Then the checkout has.
keep_in_reach() {
    local kind variable folder
    for kind in cache tool python; do
        variable=UV_${kind^^}_DIR
        folder=$("$uv" "$kind" dir)
        if ! mkdir -p "$folder" 2>/dev/null || [ ! -w "$folder" ]; then
            echo "$folder cannot be written: uv has its ${kind} in .tools/$kind instead."
            export "${variable/PYTHON/PYTHON_INSTALL}=$PWD/.tools/$kind"
        fi
    done
}
