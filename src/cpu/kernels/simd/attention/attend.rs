//! Which kernel takes a block.

use super::super::vector::Vector;
use super::block::Block;
use super::{few_keys, many_keys};
use std::cell::Cell;

thread_local! {
    /// The queries, scores and sums of a block, kept for the next one.
    static SCRATCH: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// `out` becomes `softmax(scale · q · kᵀ) · v` on the valid keys, zeros where a query has none. Whether all of it is
/// finite: if not, something masked may have reached it.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn attend<V: Vector>(block: &Block<'_, f32>, out: &mut [f32]) -> bool {
    let mut memory = SCRATCH.take();
    // SAFETY: the caller's.
    let finite = unsafe {
        // A constant, so that nothing is compiled that no vector needs.
        if const { few_keys::suits_vector::<V>() } && few_keys::suits(block) && block.narrowed.is_none() {
            few_keys::attend::<V>(block, &mut memory, out)
        } else {
            many_keys::attend::<V>(block, &mut memory, out)
        }
    };
    SCRATCH.set(memory);
    finite
}
