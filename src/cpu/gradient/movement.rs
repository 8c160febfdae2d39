//! Operations that move elements and calculate nothing.

use crate::cpu::array::Array;
use std::any::Any;

/// From the gradient of a result that of what it was made of, of one element type.
pub type OfGradient<T> = Box<dyn Fn(Array<T>) -> Array<T> + Send + Sync>;

/// Such an operation, with what its backward pass needs. Elements may be of any type.
pub enum Move {
    /// The order of the axes.
    Permute(Vec<usize>),
    /// The sizes of the input.
    Reshape(Vec<usize>),
    /// The sizes of the input, and where the part begins.
    Narrow([Vec<usize>; 2]),
    /// The sizes of the input.
    Broadcast(Vec<usize>),
    /// The axis, and the size of each part along it.
    Concat(usize, Vec<usize>),
    /// The sizes of the part, and where it begins.
    UpdateSlice([Vec<usize>; 2]),
    /// The sizes of the table, and the rows that were taken of it.
    Gather(Vec<usize>, Vec<usize>),
    /// Where among all elements values were put, and the sizes of these values.
    PutAlong(Vec<usize>, Vec<usize>),
    /// What is chosen.
    Select(Array<bool>),
    /// By other means, with an [`OfGradient`].
    Made(Box<dyn Any + Send + Sync>),
}
