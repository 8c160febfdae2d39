//! Teaches all-MiniLM-L6-v2 to tell verse from prose.

use congruent::Cpu;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(minilm::fine_tune::<Cpu<f32>>(std::env::args_os(), common::processor("fine-tune")))
}
