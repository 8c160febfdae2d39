#!/usr/bin/env bash
# What a step of training sends and takes on this many ranks of MPI, and what it would on more: scripts/mpi-bench.sh 2.
# Of a network, its links may be given: scripts/mpi-bench.sh 2 --latency 5e-6 --bandwidth 12.5e9 (seconds, bytes a second).
set -euo pipefail
ranks=${1:?how many ranks}
shift
cd "$(dirname "$0")/../engines/mpi"
export CONGRUENT_NUM_THREADS=1 RUST_BACKTRACE=0
command -v mpirun >/dev/null || { echo "there is no mpirun: install MPI (Debian: libopenmpi-dev openmpi-bin libclang-dev)"; exit 1; }
program=$(cargo bench --no-run --bench steps --message-format=json | grep -o '"executable":"[^"]*"' | cut -d'"' -f4)
start() { mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$ranks" "$program" "$@"; }

# How the batch is divided, how the model is, and by which stage of ZeRO.
ways=("$ranks 1 0")
[ "$ranks" = 1 ] || ways+=("$ranks 1 1" "$ranks 1 2" "1 $ranks 0")
[ "$ranks" != 4 ] || ways+=("2 2 0" "2 2 2")

echo "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg); $(mpirun --version | head -n 1); ranks: $ranks, of one thread each"
echo
echo '| batch by | model by | ZeRO | ms a step | messages | MB given | MB sent in a ring | MB of parameters | MB of state | MB at most, above the start |'
echo '|---|---|---|---|---|---|---|---|---|---|'
for way in "${ways[@]}"; do
  read -r data model zero <<<"$way"
  start --data "$data" --model "$model" --zero "$zero"
done
[ "$ranks" = 1 ] || start "$@"
