//! Packing, and what is kept of weights that are used again and again.

use super::dispatch::{panels_at, tile_at};
use super::level::Level;
use super::packed::Packed;
use crate::cpu::kernels::matrix::{Matrix, Weight};
use crate::cpu::memory::packed_weights::{self, Share};
use crate::cpu::memory::{HUGE_PAGE, block_size, use_huge_pages};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept of a weight that was used before: it will be used again. In training each one is used once.
#[derive(Default)]
struct Kept {
    packed: Option<(Arc<Packed>, Share)>,
    /// Whether its memory is read in huge pages, as far as that can be.
    streamed: bool,
}

/// Where a weight lies in its buffer: its first element, its size and its strides.
type Place = (usize, [usize; 2], [usize; 2]);

/// What is kept of the weights in a buffer, by where they lie.
#[derive(Default)]
struct Cache(Mutex<Vec<(Place, Kept)>>);

/// A buffer that has more weights than a model's layer puts together is used in another way.
const MOST_KEPT: usize = 8;

/// `f` of what is kept of a weight, if this is not its first use.
fn with_kept<T, R>(weight: &Weight<'_, T>, size: [usize; 2], f: impl FnOnce(&mut Kept) -> R) -> Option<R> {
    let (start, derived) = weight.buffer?;
    let place = (start, size, weight.matrix.strides);
    let cache = derived.get_or_init(|| Box::new(Cache::default())).downcast_ref::<Cache>()?;
    let mut entries = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, kept)) = entries.iter_mut().find(|(of, _)| *of == place) {
        return Some(f(kept));
    }
    if entries.len() < MOST_KEPT {
        entries.push((place, Kept::default()));
    }
    None
}

/// Brings a large weight that was used before into huge pages: it is about to be read from memory.
pub fn stream<T: Copy>(weight: &Weight<'_, T>, size: [usize; 2]) {
    let elements = weight.matrix.cut(size).elements;
    if size_of_val(elements) < HUGE_PAGE {
        return;
    }
    with_kept(weight, size, |kept| {
        if !std::mem::replace(&mut kept.streamed, true) {
            use_huge_pages(elements);
        }
    });
}

/// How many panels are packed together.
const PANELS: usize = 4;

/// Some columns of `b (k, n)`, packed.
pub fn pack(level: Level, b: Matrix<'_, f32>, [k, n]: [usize; 2], columns: Range<usize>) -> Packed {
    let ([_, width], b, count) = (tile_at(level), b.part(0, columns.start), columns.len());
    Packed::of_panels([k, n], columns, width, PANELS, |first, to| {
        panels_at(level, b.part(0, first), [k, count - first], to);
    })
}

/// The same, once and for all: of a weight that was used before, if there may be a copy of it.
pub fn kept(level: Level, weight: &Weight<'_, f32>, size: [usize; 2]) -> Option<Arc<Packed>> {
    let kept = with_kept(weight, size, |kept| {
        if kept.packed.is_none() {
            let [_, width] = tile_at(level);
            let elements = size[0] * size[1].next_multiple_of(width);
            let (bytes, _) = block_size(elements * size_of::<f32>());
            let share = Share::new(bytes)?;
            kept.packed = Some((Arc::new(pack(level, weight.matrix, size, 0..size[1])), share));
        }
        let packed = kept.packed.as_ref().map(|(packed, _)| packed.clone());
        if packed_weights::bytes() > packed_weights::limit() {
            kept.packed = None;
        }
        packed
    });
    kept.flatten()
}
