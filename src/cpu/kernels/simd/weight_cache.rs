//! Packing, and the cache of packed weights.

use super::blocked::Factor;
use super::dispatch::tile_at;
use super::level::Level;
use super::packed_matrix::PackedMatrix;
use crate::backend::Number;
use crate::cpu::kernels::matrix::{Matrix, Weight};
use crate::cpu::memory::packed_weights::{self, Reservation};
use crate::cpu::memory::{HUGE_PAGE, size_class, use_huge_pages};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The cache entry of a weight that was used before, and so will be used again. A training step uses each weight once.
struct CachedWeight<T: Number> {
    packed: Option<(Arc<PackedMatrix<T>>, Reservation)>,
    /// Whether huge pages were asked for.
    in_huge_pages: bool,
}

/// A weight by its place in the buffer: offset, size and strides.
type WeightKey = (usize, [usize; 2], [usize; 2]);

/// The cache of a buffer.
struct Cache<T: Number>(Mutex<Vec<(WeightKey, CachedWeight<T>)>>);

/// The most entries of a buffer. One with more matrices than a layer has is no buffer of weights.
const MAX_WEIGHTS: usize = 8;

/// `f` of the entry of a weight, unless this is its first use.
fn with_cached<T: Number, R>(
    weight: &Weight<'_, T>,
    size: [usize; 2],
    f: impl FnOnce(&mut CachedWeight<T>) -> R,
) -> Option<R> {
    let (start, buffer) = weight.buffer?;
    let key = (start, size, weight.matrix.strides);
    let cache = buffer.get_or_init(|| Box::new(Cache::<T>(Mutex::default()))).downcast_ref::<Cache<T>>()?;
    let mut entries = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, cached)) = entries.iter_mut().find(|(of, _)| *of == key) {
        return Some(f(cached));
    }
    if entries.len() < MAX_WEIGHTS {
        entries.push((key, CachedWeight { packed: None, in_huge_pages: false }));
    }
    None
}

/// Moves a large weight that was used before into huge pages: it is about to be read from memory.
pub fn advise_huge_pages<T: Number>(weight: &Weight<'_, T>, size: [usize; 2]) {
    let elements = weight.matrix.cut(size).elements;
    if size_of_val(elements) < HUGE_PAGE {
        return;
    }
    with_cached(weight, size, |cached| {
        if !std::mem::replace(&mut cached.in_huge_pages, true) {
            use_huge_pages(elements);
        }
    });
}

/// The panels of a work item of packing.
const PANELS_PER_CHUNK: usize = 4;

/// Packs some columns of `b (k, n)`.
pub fn pack<T: Factor>(level: Level, b: Matrix<'_, T>, [k, n]: [usize; 2], columns: Range<usize>) -> PackedMatrix<T> {
    let ([_, width], b, count) = (tile_at::<T::Wide>(level), b.part(0, columns.start), columns.len());
    PackedMatrix::of_panels([k, n], T::packed_rows(level, k), columns, width, PANELS_PER_CHUNK, |first, to| {
        T::pack_panels(level, b.part(0, first), [k, count - first], width, to);
    })
}

/// The packed weight from the cache, from its second use on, if the memory limit allows.
pub fn packed_weight<T: Factor>(
    level: Level,
    weight: &Weight<'_, T>,
    size: [usize; 2],
) -> Option<Arc<PackedMatrix<T>>> {
    let packed = with_cached(weight, size, |cached| {
        if cached.packed.is_none() {
            let [_, width] = tile_at::<T::Wide>(level);
            let elements = T::packed_rows(level, size[0]) * size[1].next_multiple_of(width);
            let (bytes, _) = size_class(elements * size_of::<T>());
            let reservation = Reservation::new(bytes)?;
            cached.packed = Some((Arc::new(pack(level, weight.matrix, size, 0..size[1])), reservation));
        }
        let packed = cached.packed.as_ref().map(|(packed, _)| packed.clone());
        if packed_weights::bytes() > packed_weights::limit() {
            cached.packed = None;
        }
        packed
    });
    packed.flatten()
}
