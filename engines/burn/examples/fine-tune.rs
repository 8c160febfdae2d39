//! The second program of `examples/minilm` on the devices of burn.

use congruent_burn::{Burn, Device};

fn main() -> anyhow::Result<()> {
    minilm::fine_tune::<Burn<f32>>(std::env::args_os(), |name| Ok(Device::find(name)?))
}
