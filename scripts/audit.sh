#!/usr/bin/env bash
# Looks up the packages of uv.lock among the known vulnerabilities of osv.dev. Called by make.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/uv.sh

bring_uv
keep_in_reach
"$uv" export --quiet --frozen --no-emit-project --all-groups --output-file .venv/audited.txt
# Of what osv.dev answered it keeps nothing in the home either.
"$uv" tool run pip-audit --vulnerability-service osv --cache-dir .tools/audit \
    --disable-pip --require-hashes -r .venv/audited.txt
