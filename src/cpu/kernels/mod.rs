//! Kernels: functions of slices, and of matrices by their strides. They know no arrays.

mod blocks;
mod columns;
#[cfg(all(feature = "matrixmultiply", not(miri)))]
pub mod double;
mod epilogue;
mod in_out;
mod matrix;
pub mod plain;
pub mod simd;

pub use blocks::{Format, Rows};
pub use columns::{COLUMNS, reduce_columns};
pub use epilogue::finish;
pub use in_out::{InOut, Link, Operand};
pub use matrix::{Matrix, Multiplier, Weight, has_terms, product_work};
