//! What the examples share: arguments, errors, the choice of a device, and files of models.

mod arguments;
mod device;
mod errors;
mod package;

pub use arguments::{Place, at_least_one, parse};
pub use device::{Devices, processor};
pub use errors::{about, check_output, exit_code, is_broken_pipe};
pub use package::{PLAYS, Package};
