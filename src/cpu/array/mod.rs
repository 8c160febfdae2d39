//! Arrays: reference-counted buffers, and views of them by strides. They know no operations.

#[allow(clippy::module_inception)]
mod array;
mod blocks;
mod buffer;
mod compact;
mod in_file;
mod layout;
mod narrowed;
mod tracked;

pub use array::{Array, Probabilities};
pub use layout::{Layout, Runs};
