//! Kernels in plain loops, for every type that is calculated with.

mod elementwise;
mod matmul;
mod reduce;
mod rows;
mod shifted;

pub use elementwise::{binary, chain, unary};
pub use matmul::multiply;
pub use reduce::{COLUMNS, ColumnSum, add_rows, limit, origin, reduce_rows, square, sum};
pub use rows::{log_softmax, log_sums, norm, norm_backward, softmax, softmax_backward};
pub use shifted::{add_shifted, shifted_dots};
