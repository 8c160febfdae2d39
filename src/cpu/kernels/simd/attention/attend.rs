//! Which kernel takes a block.

use super::super::level::Level;
use super::super::vector::Vector;
use super::block::Block;
use super::{few_keys, many_keys};
use half::bf16;
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

/// Whether pairs of `bf16` are multiplied at this level.
pub fn multiplies_pairs(level: Level) -> bool {
    match level {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        Level::Avx512Bf16 | Level::Amx { .. } => true,
        #[cfg(target_arch = "aarch64")]
        Level::NeonBf16 => true,
        _ => false,
    }
}

/// As [`attend`], of a block with [`pairs`](Block::pairs), of keys and values that have elements.
///
/// # Panics
/// Pairs are not multiplied at this level.
pub fn attend_pairs_at(level: Level, block: &Block<'_, f32>, out: &mut [bf16]) -> bool {
    match level {
        // SAFETY: a level is chosen only where the processor has its instructions.
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        Level::Avx512Bf16 | Level::Amx { .. } => unsafe {
            super::pairs::attend::<super::super::x86::pairs::Pairs>(block, out)
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Level::NeonBf16 => unsafe { super::pairs::attend::<super::super::neon::pairs::Pairs>(block, out) },
        _ => unreachable!("no pairs of {} queries for {} results", block.valid.counts.len(), out.len()),
    }
}
