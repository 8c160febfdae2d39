//! `examples/see` on the devices of burn.

mod devices;

use congruent_burn::Burn;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::exit_code(see::cli::<Burn<f32>>(std::env::args_os(), devices::devices()))
}
