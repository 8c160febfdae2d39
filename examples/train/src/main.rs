//! Trains a language model of characters.

use congruent::Cpu;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(train::cli::<Cpu<f32>>(std::env::args_os(), common::processor("train")))
}
