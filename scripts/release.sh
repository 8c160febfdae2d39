#!/usr/bin/env bash
# What has to hold before a version is published: scripts/release.sh. It needs a network, for tools, the oldest Rust, and advisories.
# A tool that is not installed is built into target/tools; what could not be checked is said loudly.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/target/tools/bin:$PATH"

unchecked() { echo "!!! NOT CHECKED: $* !!!"; }

echo "-- as they would be published, built from what is in them"
# Cargo unpacks what it packed once for each folder and version, and takes it from there again when it has changed: each time another folder.
mkdir -p target
packed=$(mktemp -d target/packed.XXXXXX)
trap 'rm -rf "$packed"' EXIT
cargo publish --dry-run --quiet --target-dir "$packed" -p congruent-macros -p congruent -p congruent-models
# Of workspaces of their own, which take the library from here until it is published.
for engine in burn mpi; do
  (cd engines/$engine && cargo publish --dry-run --quiet --no-verify --config 'patch.crates-io.congruent.path="../.."')
done

oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
echo "-- Rust $oldest"
if rustup toolchain install "$oldest" --profile minimal --no-self-update >/dev/null 2>&1; then
  CARGO_TARGET_DIR=target/oldest cargo "+$oldest" check --quiet -p congruent -p congruent-models --all-features
else
  unchecked "the oldest Rust, $oldest: it is not installed"
fi

echo "-- licences and sources of dependencies"
if scripts/tool.sh cargo-deny --no-default-features; then
  cargo deny --all-features check --hide-inclusion-graph licenses bans sources
  if cargo deny fetch db >/dev/null 2>&1; then cargo deny --all-features check advisories; else unchecked "advisories: their database is out of reach"; fi
else
  unchecked "licences and sources: there is no cargo-deny"
fi

echo "-- unused dependencies"
if scripts/tool.sh cargo-machete; then cargo machete; else unchecked "unused dependencies: there is no cargo-machete"; fi

echo "-- what is public: its list, and examples"
if rustup toolchain list | grep -q nightly; then
  scripts/public_items.py --check
  scripts/examples.py --self-test
  scripts/examples.py
else
  unchecked "what is public, and whether it has examples: there is no nightly toolchain"
fi

tag=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)
if [ -z "$tag" ]; then
  unchecked "compatibility with the last version: no version is tagged"
elif scripts/tool.sh cargo-semver-checks; then
  cargo semver-checks -p congruent --all-features --baseline-rev "$tag"
else
  unchecked "compatibility with $tag: there is no cargo-semver-checks"
fi
