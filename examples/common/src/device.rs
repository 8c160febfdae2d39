//! Where an example calculates.

use anyhow::bail;
use congruent::cpu::Device;

/// Finds the device of a build of `example` that has no engine but the processor's: `cpu`, which is also the one without a
/// name.
///
/// # Errors
/// Of what is returned: another device is asked for. The error has the command of a build that has others.
///
/// ```
/// assert!(common::processor("minilm")(None).is_ok());
/// let error = common::processor("minilm")(Some("vulkan")).unwrap_err().to_string();
/// assert!(error.starts_with("no device `vulkan` is built in; there are: cpu"));
/// ```
pub fn processor(example: &str) -> impl FnOnce(Option<&str>) -> anyhow::Result<Device> {
    move |name| match name {
        None | Some("cpu") => Ok(Device),
        Some(name) => bail!(
            "no device `{name}` is built in; there are: cpu. Graphics cards are in builds with the engine of burn: \
             `cargo run --release --manifest-path engines/burn/Cargo.toml --features vulkan --example {example} -- --device vulkan`"
        ),
    }
}
