//! Finds the faces in a picture.

use congruent::Cpu;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(see::cli::<Cpu<f32>>(std::env::args_os(), common::processor("see")))
}
