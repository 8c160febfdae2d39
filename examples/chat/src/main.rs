//! Asks a language model.

use congruent::Cpu;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(chat::cli::<Cpu<f32>>(std::env::args_os(), common::processor("chat")))
}
