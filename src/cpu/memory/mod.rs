//! Memory for elements, and for what is kept of weights.

mod elements;
pub mod packed_weights;

pub use elements::{Derived, Elements, HUGE_PAGE, block_size, release_memory, use_huge_pages};
