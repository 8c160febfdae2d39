//! Trains a language model of characters, by one process.

use congruent::mesh::Alone;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    common::exit_code(parallel::cli(std::env::args_os(), Arc::new(Alone)))
}
