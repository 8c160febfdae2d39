//! Where an example calculates.

use anyhow::bail;
use congruent::cpu::Device;

type Find<D> = Box<dyn FnOnce(Option<&str>) -> anyhow::Result<D>>;

/// The devices of an engine, as a program knows them.
pub struct Devices<D> {
    /// What `--help` says of `--device`.
    pub(crate) help: String,
    pub(crate) find: Find<D>,
}

impl<D> Devices<D> {
    /// The devices that `find` knows by name; without a name it gives the best. `help` is what `--help` says of them.
    pub fn new(help: impl Into<String>, find: impl FnOnce(Option<&str>) -> anyhow::Result<D> + 'static) -> Self {
        Devices { help: help.into(), find: Box::new(find) }
    }
}

/// The one device of a build of `example` that has no engine but the processor's: `cpu`. Who asks for another is told the command
/// of a build that has it.
pub fn processor(example: &'static str) -> Devices<Device> {
    let help = "Where it calculates: `cpu`, the one device of this build. Graphics cards are in builds of engines/burn";
    Devices::new(help, move |name| match name {
        None => Ok(Device),
        Some(name) if name.eq_ignore_ascii_case("cpu") => Ok(Device),
        Some(name) => bail!(
            "no device `{name}` is built in; there are: cpu. Graphics cards are in builds with the engine of burn: \
             `cargo run --release --manifest-path engines/burn/Cargo.toml --features vulkan --example {example} -- --device vulkan`"
        ),
    })
}
