//! What the examples share: files of models, and the choice of a device.

mod device;
mod package;

pub use device::processor;
pub use package::{PLAYS, Package};
