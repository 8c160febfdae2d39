//! Elementwise kernels.

use super::math::{Function, Operation};
use super::vector::{Vector, for_each_vector, read, write};
use crate::cpu::kernels::in_out::InOut;

/// `f` of each number.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn map<V: Vector, F: Function>(f: F, mut x: InOut<'_, f32>) {
    #[inline(always)]
    unsafe fn step<V: Vector, F: Function, const WHOLE: bool>(
        at: usize,
        len: usize,
        f: F,
        (from, to): (*const f32, *mut f32),
    ) {
        // SAFETY: the caller's.
        unsafe { write::<V, WHOLE>(f.apply(read::<V, WHOLE>(from.add(at), len, 0.0)), to.add(at), len) }
    }
    // SAFETY: the caller's; each step lies inside the slices.
    unsafe {
        for_each_vector!(V, 0..x.len(), step::<V, F>(f, x.pointers()));
    }
}

/// `f` of each number and the one of another slice.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub unsafe fn zip<V: Vector, F: Operation>(f: F, mut x: InOut<'_, f32>, y: &[f32]) {
    #[inline(always)]
    unsafe fn step<V: Vector, F: Operation, const WHOLE: bool>(
        at: usize,
        len: usize,
        f: F,
        (from, to): (*const f32, *mut f32),
        y: *const f32,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let (x, y) = (read::<V, WHOLE>(from.add(at), len, 0.0), read::<V, WHOLE>(y.add(at), len, 0.0));
            write::<V, WHOLE>(f.apply(x, y), to.add(at), len);
        }
    }
    assert!(y.len() >= x.len(), "a second number for each");
    // SAFETY: the caller's; each step lies inside the slices.
    unsafe {
        for_each_vector!(V, 0..x.len(), step::<V, F>(f, x.pointers(), y.as_ptr()));
    }
}
