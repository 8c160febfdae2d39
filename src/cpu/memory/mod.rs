//! The allocator of elements, copies of few, and the memory budget of packed weights.

mod copy;
mod elements;
pub mod packed_weights;

pub use copy::{copy_every, copy_few};
pub use elements::{BufferCache, Elements, HUGE_PAGE, release_memory, size_class, use_huge_pages};
