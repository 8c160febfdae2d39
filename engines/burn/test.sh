#!/usr/bin/env bash
# Tests the engine on the processor and on Vulkan, which Mesa calculates in software where there is no card.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 RUST_BACKTRACE=0
# Mesa looks for a display.
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/tmp}"

drivers() {
  { compgen -G '/usr/share/vulkan/icd.d/*.json' || compgen -G '/etc/vulkan/icd.d/*.json'; } >/dev/null &&
    ldconfig -p | grep libvulkan.so.1 >/dev/null
}

if ! drivers && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && apt-get install -qq -y --no-install-recommends mesa-vulkan-drivers libvulkan1 >/dev/null || true
fi
# Built with Vulkan or without: the same code, and the same build if a driver comes later.
cargo test --workspace --features flex,vulkan "$@" -- --nocapture
drivers || echo "!!! THE ENGINE OF BURN WAS NOT CHECKED ON VULKAN: install mesa-vulkan-drivers. !!!"
echo "!!! NOT CHECKED HERE: cuda, rocm, metal, webgpu, libtorch, spirv, fusion, autotune. !!!"
