//! The devices of burn, as the programs here know them.

use common::Devices;
use congruent_burn::Device;

/// Which one is taken is said on standard error.
pub fn devices() -> Devices<Device> {
    let help = format!(
        "Where it calculates: `{}`, with the number of a card behind it where there are more (`vulkan:1`); without it, on a card \
         that the machine has, else on the processor",
        Device::names().join("`, `")
    );
    Devices::new(help, |name| {
        let device = Device::find(name)?;
        eprintln!("device: {}", device.description());
        Ok(device)
    })
}
