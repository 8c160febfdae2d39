#!/usr/bin/env bash
# Runs the tests of the kernels for NEON, on a machine of any architecture, in QEMU's user emulation.
# On Debian: apt-get install qemu-user gcc-aarch64-linux-gnu; rustup target add aarch64-unknown-linux-gnu
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
for level in neon neonbf16; do
    CONGRUENT_SIMD=$level cargo test -p congruent --lib --target aarch64-unknown-linux-gnu -- cpu
done
