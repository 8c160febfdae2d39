//! Numbers of 16 bits widened and rounded, at the level that this processor has.

use super::attention::NarrowedRows;
use super::dispatch::{round_at, widen_at, widen_rows_at};
use super::level::level;
use super::narrow::Narrow;
use std::mem::MaybeUninit;

/// Writes each number as `f32`, and gives what was written.
///
/// # Panics
/// The slices are not of one length.
pub fn widen<'a, T: Narrow>(from: &[T], to: &'a mut [MaybeUninit<f32>]) -> &'a mut [f32] {
    widen_at(level(), from, to);
    // SAFETY: all were written.
    unsafe { &mut *(to as *mut [MaybeUninit<f32>] as *mut [f32]) }
}

/// Writes each number rounded to the nearest, of two to the even one.
///
/// # Panics
/// The slices are not of one length.
pub fn round<T: Narrow>(from: &[f32], to: &mut [T]) {
    round_at(level(), from, to);
}

/// Writes so many rows and columns as `f32`, one row after another.
///
/// # Panics
/// There are fewer, or no place for them.
pub fn widen_rows(from: NarrowedRows<'_>, size: [usize; 2], to: &mut [f32]) {
    assert!(size[0].checked_mul(size[1]).is_some_and(|len| len <= to.len()), "a place for each number");
    widen_rows_at(level(), from, size, to);
}
