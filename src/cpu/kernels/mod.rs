//! Kernels: functions of slices, and of matrices by their strides. They know no arrays.

mod blocks;
mod cast;
mod epilogue;
pub mod generic;
mod in_out;
mod matrix;
mod narrow;
mod plain;
mod reduce_columns;
pub mod simd;
mod wide;

pub use crate::backend::BlockFormat as Format;
pub use blocks::Rows;
pub use in_out::{InOut, Link, Operand, Place, PlacedChain, PlacedLink};
pub use matrix::{Matrix, Multiplier, Weight, product_work};
pub use plain::{COLUMNS, ColumnSum, sum};
pub use reduce_columns::{moments_of_columns, reduce_columns};
pub use simd::{READ_BEYOND, RowRuns};
pub use wide::{all_widened, calculate, convert, is_wide, narrowed, widen_all, widen_rows, write};
