//! The allocator of elements, and the memory budget of packed weights.

mod elements;
pub mod packed_weights;

pub use elements::{BufferCache, Elements, HUGE_PAGE, release_memory, size_class, use_huge_pages};
