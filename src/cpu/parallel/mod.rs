//! Parallel loops over chunks: the thread pool, and which thread takes which work item.

mod chunks;
mod columns;
#[cfg(feature = "threads")]
mod pool;
pub mod threads;

pub use chunks::{cores, for_each, for_each_chunk};
pub use columns::{ColumnsMut, for_each_columns};
