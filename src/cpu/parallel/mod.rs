//! Work shared by the cores: the pool of threads, and who gets which part.

mod chunks;
mod place;
#[cfg(feature = "threads")]
mod pool;
pub mod threads;

pub use chunks::{cores, for_each, for_each_chunk};
pub use place::{Place, for_each_columns};
