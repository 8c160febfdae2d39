#!/usr/bin/env bash
# A tool from crates.io, built into target/tools if it is not installed: scripts/tool.sh NAME [OPTIONS OF CARGO INSTALL].
set -euo pipefail
cd "$(dirname "$0")/.."
if command -v "$1" >/dev/null || [ -x "target/tools/bin/$1" ]; then exit; fi
# It runs once, so that it is not worth an optimized build.
CARGO_TARGET_DIR=target/tools/build CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --root target/tools "$@"
