#!/usr/bin/env bash
# Hostile input for the readers of files, texts and patterns, from the corpus that is kept: scripts/fuzz.sh [SECONDS FOR EACH TARGET].
# It needs a nightly compiler; cargo-fuzz is built into target/tools if it is not installed. An input that breaks a target is
# written to fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
scripts/tool.sh cargo-fuzz
export PATH="$PWD/target/tools/bin:$PATH" RUSTUP_TOOLCHAIN=nightly CARGO_TARGET_DIR="$PWD/target/fuzz"

# In as many parts as there are, since one takes a core three times as long.
cargo fuzz build --codegen-units 16
broken=0
targets=$(cargo fuzz list)
run() {
  # What is found in passing is not kept in the corpus of the repository.
  local found="target/fuzz/found/$1" log="target/fuzz/$1.log"
  mkdir -p "$found"
  if cargo fuzz run --codegen-units 16 "$1" "$found" "fuzz/corpus/$1" -- -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 >"$log" 2>&1; then
    echo "$1: $(sed -n 's/stat::number_of_executed_units: *//p' "$log") inputs"
  else
    tail -40 "$log"; echo "$1: BROKEN"; return 1
  fi
}
export -f run; export seconds
echo "$targets" | xargs -P "$(nproc)" -I{} bash -c 'run {}' || broken=1
exit $broken
