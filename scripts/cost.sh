#!/usr/bin/env bash
# What a project pays for congruent: crates in its lock file, and the time of a clean release build.
# Fails above 25 crates with the default features, or where a debug build does not say how slow it is.
# The time is of use on an idle machine only.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
export CARGO_TARGET_DIR=$project/target

# Prints the figures of congruent with the features $1, called $2, and sets $crates and $seconds.
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
    crates=$(grep -c '^\[\[package\]\]' Cargo.lock)
    TIMEFORMAT='%R %U %S'
    read -r seconds user system < <({ time cargo build --release --quiet --offline >&2; } 2>&1 | tail -n 1)
    echo "$2: $crates crates in Cargo.lock ($((crates - 1)) without the project itself)"
    echo "  clean release build: $seconds s on $(nproc) cores, processor time $user + $system s, load $(cut -d' ' -f1 /proc/loadavg)"
}

mkdir "$project/src"
cat >"$project/src/main.rs" <<'RUST'
use congruent::prelude::*;

dims! { Embed = 4; }

fn main() {
    println!("{}", Tensor::ones((Embed,)).sum(Embed).scalar());
}
RUST
cp "$repository/rust-toolchain.toml" "$project/"

measure 'default-features = false' 'no default features'
measure 'default-features = true' 'default features'
# A build that failed has left no binary.
[ -x "$CARGO_TARGET_DIR/release/cost" ]
[ "$crates" -le 25 ] || { echo 'too many: at most 25 crates' >&2; exit 1; }

# Without optimization a program is told so, in one line, and not where kernels are optimized or nobody wants to know.
told() { "$@" 2>&1 >/dev/null | grep -c '^congruent: built without optimization' || true; }
cargo build --quiet --offline
[ "$(told target/debug/cost) $(CONGRUENT_QUIET=1 told target/debug/cost) $(told target/release/cost)" = "1 0 0" ] ||
    { echo 'a debug build does not say that it is slow, or another one does' >&2; exit 1; }

# On a busy machine the time says little: it is told, and no reason to fail.
awk -v seconds="$seconds" 'BEGIN { if (seconds >= 20) print "slow: the goal is less than 20 s" }'
