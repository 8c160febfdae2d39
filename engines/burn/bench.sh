#!/usr/bin/env bash
# Measures what typed tensors add to the calls of burn, and models beside other libraries: benches/results.md.
# `FEATURES` says what is built (flex,candle; with vulkan the first build takes long), `DEVICES` where the cost is measured.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_INCREMENTAL=0 XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/tmp}"
features=${FEATURES:-flex,vulkan,candle}

# With its own thresholds glibc gives the memory of large arrays back to the system after one operation and asks for it before
# the next, or does not, by where they happen to lie: one program takes up to 25 % longer than in another process.
export MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_MMAP_THRESHOLD_=4000000000

run() { cargo bench --quiet -p congruent-burn-benches --features "$features" "$@"; }
run --no-run

results=$(mktemp)
trap 'rm -f "$results"' EXIT
{
  echo "# What typed tensors cost on burn, and how fast models are"
  echo
  echo "Written by \`engines/burn/bench.sh\` on $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1), $(nproc) cores."
  echo "Not measured, for want of the hardware: graphics cards, and PyTorch on CUDA beside them. Vulkan is Mesa's, in software."
  echo
  echo "## Cost: the same calls of burn, by hand and typed"
  run --bench cost
  echo
  echo "## Speed on the processor, with 1 thread and with 2: milliseconds"
  run --bench speed
} >"$results"
cp "$results" benches/results.md
cat benches/results.md
