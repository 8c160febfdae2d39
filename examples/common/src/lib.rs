//! What the examples share: arguments, errors, the choice of a device, files of models, and what ranks say.

mod arguments;
mod device;
mod errors;
mod interrupt;
mod package;
mod ranks;

pub use arguments::{Place, at_least_one, leave, not_negative, one_line, parse, parse_plain, probability};
pub use device::{Devices, processor};
pub use errors::{about, check_output, exit_code, is_broken_pipe};
pub use interrupt::Interrupt;
pub use package::{PLAYS, Package};
pub use ranks::said_to_all;
