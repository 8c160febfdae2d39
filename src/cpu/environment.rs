//! Environment variables, and the lines that a program prints of its own accord: one for a value that is not taken, and one where
//! kernels are not optimized.

use std::env::{VarError, var};
use std::ffi::OsString;

/// What an environment variable says, if it is set and `parse` takes it. What it does not take counts as not set, and a line says so:
/// what it should be, and what happens now.
pub fn read<T>(name: &str, parse: impl FnOnce(&str) -> Option<T>, expected: &str, instead: &str) -> Option<T> {
    let refused = |value: OsString| {
        eprintln!("congruent: {name}={} is not {expected}; {instead}", value.to_string_lossy());
        None
    };
    match var(name) {
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(value)) => refused(value),
        Ok(value) => parse(value.trim()).or_else(|| refused(value.into())),
    }
}

/// Says once that kernels are not optimized, where they are not.
pub fn warn_of_slow_kernels() {
    #[cfg(unoptimized)]
    if var("CONGRUENT_QUIET").is_err() {
        eprintln!(
            "congruent: built without optimization, which is some hundred times slower. In Cargo.toml: \
             [profile.dev.package.congruent] opt-level = 3; or CONGRUENT_QUIET=1 to be told no more"
        );
    }
}
