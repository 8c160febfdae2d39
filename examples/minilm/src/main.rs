//! Embeds texts and prints how similar they are.

use congruent::Cpu;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(minilm::cli::<Cpu<f32>>(std::env::args_os(), common::processor("minilm")))
}
