#!/usr/bin/env bash
# Counts the instructions of each operation: the bare backend, and typed tensors on top of it.
# Needs valgrind. A run without repeats is subtracted, so that only the operation counts.
set -euo pipefail
cd "$(dirname "$0")/.."
export CONGRUENT_NUM_THREADS=1
repeats=${1:-1000}

binary=$(cargo bench -p benches --bench instructions --no-run 2>&1 | tee /dev/stderr | sed -n 's/.*Executable.*(\(.*\))$/\1/p')
name=$(mktemp)
trap 'rm -f "$name"' EXIT

# Instructions of operation $1, the way $2, $3 times.
count() {
    valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null "$binary" "$@" 2>&1 >"$name" |
        sed -n 's/,//g; s/.*I *refs: *//p'
}
# Instructions of one repeat.
each() { echo $((($(count "$1" "$2" "$repeats") - $(count "$1" "$2" 0)) / repeats)); }

printf '%-14s %-15s %10s %10s %10s %8s\n' operation dimensions bare typed difference ratio
for ((i = 0; ; i++)); do
    bare=$(each $i bare)
    operation=$(cat "$name")
    [ -n "$operation" ] || break # there are no more
    for way in fixed bound; do
        typed=$(each $i $way)
        awk -v o="$operation" -v w="$way" -v b="$bare" -v t="$typed" 'BEGIN {
            printf "%-14s %-15s %10d %10d %+10d %8.4f\n", o, w == "fixed" ? "fixed sizes" : "run-time sizes", b, t, t - b, t / b
        }'
    done
done
