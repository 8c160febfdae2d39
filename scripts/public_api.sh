#!/usr/bin/env bash
# The public interface of the crate, a line each, in public-api.txt: scripts/public_api.sh writes it, `--check` fails if it has changed.
# It needs a nightly toolchain and cargo-public-api.
set -euo pipefail
cd "$(dirname "$0")/.."
# Without what every type has, and what is derived.
list() { cargo public-api -p congruent --all-features -sss 2>/dev/null; }
if [ "${1:-}" = --check ]; then
  diff public-api.txt <(list) || { echo "the public interface has changed: scripts/public_api.sh writes its list anew"; exit 1; }
else
  list >public-api.txt
fi
