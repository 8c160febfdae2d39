//! `examples/chat` on the devices of burn.

use congruent_burn::{Burn, Device};
use std::process::ExitCode;

fn main() -> ExitCode {
    chat::cli::<Burn<f32>>(std::env::args_os(), |name| Ok(Device::find(name)?))
}
