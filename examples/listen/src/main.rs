//! Says when somebody speaks.

use congruent::Cpu;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(listen::cli::<Cpu<f32>>(std::env::args_os(), common::processor("listen")))
}
