//! What is kept of weights that are used again and again.

use super::pack::Packed;
use super::{Level, tile_at};
use crate::backend::cpu::layout::Layout;
use crate::backend::cpu::matmul::Weight;
use crate::backend::cpu::memory::{HUGE_PAGE, block_size, use_huge_pages};
use crate::backend::cpu::packed_weights::{self, Share};
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept of a weight that was used before: it will be used again. In training each one is used once.
#[derive(Default)]
struct Kept {
    packed: Option<(Arc<Packed>, Share)>,
    /// Whether its memory is read in huge pages, as far as that can be.
    streamed: bool,
}

/// What is kept of the weights in a buffer, by the layouts that they have there.
#[derive(Default)]
struct Cache(Mutex<Vec<(Layout, Kept)>>);

/// A buffer that has more weights than a model's layer puts together is used in another way.
const MOST_KEPT: usize = 8;

/// `f` of what is kept of a weight, if this is not its first use.
fn with_kept<T, R>(weight: &Weight<'_, T>, f: impl FnOnce(&mut Kept) -> R) -> Option<R> {
    let (layout, derived) = weight.buffer?;
    let cache = derived.get_or_init(|| Box::new(Cache::default())).downcast_ref::<Cache>()?;
    let mut entries = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, kept)) = entries.iter_mut().find(|(of, _)| of == layout) {
        return Some(f(kept));
    }
    if entries.len() < MOST_KEPT {
        entries.push((*layout, Kept::default()));
    }
    None
}

/// Brings a large weight that was used before into huge pages: it is about to be read from memory.
pub fn stream<T: Copy>(weight: &Weight<'_, T>, size: [usize; 2]) {
    let elements = weight.matrix.cut(size).elements;
    if size_of_val(elements) < HUGE_PAGE {
        return;
    }
    with_kept(weight, |kept| {
        if !std::mem::replace(&mut kept.streamed, true) {
            use_huge_pages(elements);
        }
    });
}

/// The weight `(k, n)`, packed.
pub fn pack(level: Level, weight: &Weight<'_, f32>, size: [usize; 2]) -> Packed {
    Packed::new(level, weight.matrix, size, 0..size[1])
}

/// The same, once and for all: of a weight that was used before, if there may be a copy of it.
pub fn kept(level: Level, weight: &Weight<'_, f32>, size: [usize; 2]) -> Option<Arc<Packed>> {
    let kept = with_kept(weight, |kept| {
        if kept.packed.is_none() {
            let [_, width] = tile_at(level);
            let elements = size[0] * size[1].next_multiple_of(width);
            let (bytes, _) = block_size(elements * size_of::<f32>());
            let share = Share::new(bytes)?;
            kept.packed = Some((Arc::new(pack(level, weight, size)), share));
        }
        let packed = kept.packed.as_ref().map(|(packed, _)| packed.clone());
        if packed_weights::bytes() > packed_weights::limit() {
            kept.packed = None;
        }
        packed
    });
    kept.flatten()
}
