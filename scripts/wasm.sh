#!/usr/bin/env bash
# Runs the tests of the processor's engine in WebAssembly, with vectors (simd128) and without, in Node.
# Before: rustup target add wasm32-wasip1, and Node 20 or later.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_WASM32_WASIP1_RUNNER="node --no-warnings $PWD/scripts/wasi.mjs"
# All the memory from the beginning: Node 20 sometimes crashes at the end of a program whose memory has grown.
export RUSTFLAGS="-C target-feature=+simd128 -C link-arg=--initial-memory=1073741824"
tests=(cargo test -p congruent --lib --no-default-features --features gguf --target wasm32-wasip1 -- cpu)
for level in simd128 portable; do
  CONGRUENT_SIMD=$level "${tests[@]}"
done
