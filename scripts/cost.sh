#!/usr/bin/env bash
# What a project pays for congruent: crates in its lock file, and the time of a clean release build.
# Fails above 25 crates or 20 seconds with the default features.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
export CARGO_TARGET_DIR=$project/target

# Prints the figures of congruent with the features $1, and sets $crates and $seconds.
measure() {
    cat >"$project/Cargo.toml" <<TOML
[package]
name = "cost"
version = "0.0.0"
edition = "2024"

[dependencies]
congruent = { path = "$repository", $1 }
TOML
    rm -rf "$project/Cargo.lock" "$CARGO_TARGET_DIR"
    cd "$project"
    cargo fetch --quiet # downloads are not part of the build
    # Without the project itself.
    crates=$(($(grep -c '^\[\[package\]\]' Cargo.lock) - 1))
    local start
    start=$(date +%s%N)
    cargo build --release --quiet --offline
    seconds=$(awk -v from="$start" -v to="$(date +%s%N)" 'BEGIN { printf "%.1f", (to - from) / 1e9 }')
    echo "$2: $crates crates, clean release build in $seconds s on $(nproc) cores"
}

mkdir "$project/src"
echo 'fn main() {}' >"$project/src/main.rs"
cp "$repository/rust-toolchain.toml" "$project/"

measure 'default-features = false' 'no default features'
measure 'default-features = true' 'default features'
awk -v crates="$crates" -v seconds="$seconds" 'BEGIN { exit !(crates <= 25 && seconds <= 20) }' ||
    { echo 'too much: at most 25 crates and 20 s' >&2; exit 1; }
