//! Rows of queries, keys and values as the kernels take them.

use crate::backend::Float;
use crate::cpu::array::Array;
use crate::cpu::kernels::simd::NarrowedRows;
use crate::cpu::kernels::{all_widened, narrowed, widen_all, widen_rows};
use std::borrow::Cow;

/// Whether the stride of the last axis is 1.
fn has_contiguous_rows<T: Float>(x: &Array<T>) -> bool {
    x.sizes()[3] == 1 || x.layout().strides()[3] == 1
}

/// An array with contiguous rows, the same if it has such.
pub fn with_contiguous_rows<T: Float>(x: &Array<T>) -> Cow<'_, Array<T>> {
    if has_contiguous_rows(x) { Cow::Borrowed(x) } else { Cow::Owned(x.contiguous()) }
}

/// Whether [`rows`] copies nothing.
pub fn is_zero_copy<T: Float>(x: &Array<T>) -> bool {
    has_contiguous_rows(x) && size_of::<T>() == size_of::<T::Wide>() && x.narrowed_numbers().is_none()
}

/// Rows of an array `(batch, heads, positions, columns)`, from these indices on, so many positions and heads, as wide
/// numbers that lie together in each row: a copy only where the array has no such rows. The strides are those of positions
/// and heads.
pub fn rows<'a, T: Float>(
    x: &'a Array<T>,
    [batch, head, position]: [usize; 3],
    [positions, heads]: [usize; 2],
    buffer: &'a mut Option<Array<T::Wide>>,
) -> (&'a [T::Wide], [usize; 2]) {
    let (layout, columns) = (x.layout(), x.sizes()[3]);
    if columns == 0 {
        return (&[], [0, 0]);
    }
    let contiguous = has_contiguous_rows(x);
    if is_zero_copy(x) {
        let elements = x.buffer().get(layout.start(&[batch, head, position])..).unwrap_or(&[]);
        if let Cow::Borrowed(elements) = all_widened(elements) {
            return (elements, [layout.strides()[2], layout.strides()[1]]);
        }
    }
    let copy = Array::build(&[positions, heads, columns], |to| {
        for (row, to) in to.chunks_exact_mut(columns).enumerate() {
            let place = [batch, head + row % heads, position + row / heads];
            let start = layout.start(&place);
            if let (Some(_), Some((rows, _))) = (x.narrowed_numbers(), narrowed_rows(x, place)) {
                widen_rows::<T>(rows, [1, columns], to);
            } else if contiguous {
                widen_all(&x.buffer()[start..][..columns], to);
            } else {
                let stride = layout.strides()[3];
                to.iter_mut().enumerate().for_each(|(i, to)| *to = x.buffer()[start + i * stride].widened());
            }
        }
    });
    (buffer.insert(copy).buffer(), [heads * columns, columns])
}

/// The rows from these indices on as they are held, in less room than the wide numbers, and the stride of heads: if they are
/// contiguous, and there is a kernel that widens them.
pub fn narrowed_rows<T: Float>(x: &Array<T>, place: [usize; 3]) -> Option<(NarrowedRows<'_>, usize)> {
    let layout = x.layout();
    if x.sizes()[3] == 0 || !has_contiguous_rows(x) {
        return None;
    }
    let numbers = x.narrowed_numbers().or_else(|| narrowed(x.buffer()))?;
    let [_, head_stride, stride, _] = *layout.strides() else { return None };
    Some((NarrowedRows { numbers, first: layout.start(&place), stride }, head_stride))
}
