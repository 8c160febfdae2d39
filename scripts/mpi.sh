#!/usr/bin/env bash
# Tests the engine of MPI with this many ranks: scripts/mpi.sh 4. It needs MPI (Debian: libopenmpi-dev openmpi-bin libclang-dev).
set -euo pipefail
ranks=${1:?how many ranks}
cd "$(dirname "$0")/../engines/mpi"
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 RUST_BACKTRACE=0
command -v mpirun >/dev/null || { echo "there is no mpirun: install MPI (Debian: libopenmpi-dev openmpi-bin libclang-dev)"; exit 1; }

# The path of a test, by its name.
program() { cargo test --no-run --test "$1" --message-format=json 2>/dev/null | grep -o '"executable":"[^"]*"' | cut -d'"' -f4; }
start() { mpirun --allow-run-as-root --oversubscribe -n "$ranks" "$@"; }

cargo test --no-run --tests
start "$(program ranks)"
[ "$ranks" -lt 3 ] || "$(program ends)"
