//! Arrays: shared memory, and which elements of it are meant. They know no operations.

#[allow(clippy::module_inception)]
mod array;
mod blocks;
mod buffer;
mod layout;
mod same;
mod tracked;

pub use array::{Array, Probabilities};
pub use blocks::{Blocks, SharedBytes};
pub use layout::Layout;
pub use same::Same;
