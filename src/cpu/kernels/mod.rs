//! Kernels: functions of slices, and of matrices by their strides. They know no arrays.

mod blocks;
mod cast;
mod columns;
#[cfg(all(feature = "matrixmultiply", not(miri)))]
mod double;
mod epilogue;
pub mod generic;
mod in_out;
mod matrix;
mod narrow;
mod plain;
pub mod simd;
mod wide;

pub use blocks::{Format, Rows};
pub use columns::reduce_columns;
pub use in_out::{InOut, Link, Operand};
pub use matrix::{Matrix, Multiplier, Weight, product_work};
pub use plain::{COLUMNS, Terms, sum};
pub use wide::{all_widened, calculate, is_wide, widen_all, write};
