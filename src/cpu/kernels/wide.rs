//! Conversion to the type of the arithmetic (`f16` and `bf16` are widened to `f32`), and back.

use super::cast::cast;
use super::in_out::InOut;
use super::simd;
use crate::backend::Float;
use half::{bf16, f16};
use std::any::TypeId;
use std::borrow::Cow;
use std::mem::MaybeUninit;

/// Numbers that are widened on the stack.
pub const BUFFER: usize = 1 << 12;

/// Whether numbers are calculated with as they are.
#[inline]
pub fn is_wide<T: Float>() -> bool {
    TypeId::of::<T>() == TypeId::of::<T::Wide>()
}

/// Writes each number widened, and gives what was written.
///
/// # Panics
/// The slices are not of one length.
fn widen<'a, T: Float>(from: &[T], to: &'a mut [MaybeUninit<T::Wide>]) -> &'a mut [T::Wide] {
    widen_each(from, to);
    // SAFETY: all were written.
    unsafe { &mut *(to as *mut [MaybeUninit<T::Wide>] as *mut [T::Wide]) }
}

fn widen_each<T: Float>(from: &[T], to: &mut [MaybeUninit<T::Wide>]) {
    macro_rules! narrow { ($($narrow:ident)*) => {$(
        if let (Ok(from), Ok(to)) = (cast::<$narrow, _>(from), cast::<f32, _>(&mut *to)) {
            simd::widen(from, to);
            return;
        }
    )*} }
    narrow! { f16 bf16 }
    assert_eq!(from.len(), to.len(), "a place for each number");
    to.iter_mut().zip(from).for_each(|(to, x)| _ = to.write(x.widened()));
}

/// Writes each number rounded to the nearest, of two to the even one.
///
/// # Panics
/// The slices are not of one length.
pub fn round<T: Float>(from: &[T::Wide], to: &mut [T]) {
    macro_rules! narrow { ($($narrow:ident)*) => {$(
        if let (Ok(from), Ok(to)) = (cast::<f32, _>(from), cast::<$narrow, _>(&mut *to)) {
            return simd::round(from, to);
        }
    )*} }
    narrow! { f16 bf16 }
    assert_eq!(from.len(), to.len(), "a place for each number");
    to.iter_mut().zip(from).for_each(|(to, &x)| *to = T::rounded(x));
}

/// The numbers widened: in a buffer, if it is large enough, else in a vector.
pub fn widened<'a, T: Float>(
    x: &[T],
    buffer: &'a mut [MaybeUninit<T::Wide>; BUFFER],
    many: &'a mut Vec<MaybeUninit<T::Wide>>,
) -> &'a mut [T::Wide] {
    let room = if x.len() <= BUFFER {
        &mut buffer[..x.len()]
    } else {
        many.resize(x.len(), MaybeUninit::uninit());
        &mut many[..]
    };
    widen(x, room)
}

/// All of them widened: a copy only where that is another type.
#[inline]
pub fn all_widened<T: Float>(elements: &[T]) -> Cow<'_, [T::Wide]> {
    match cast::<T::Wide, _>(elements) {
        Ok(elements) => Cow::Borrowed(elements),
        Err(elements) => {
            let mut wide = Vec::with_capacity(elements.len());
            widen(elements, &mut wide.spare_capacity_mut()[..elements.len()]);
            // SAFETY: so many were written.
            unsafe { wide.set_len(elements.len()) };
            Cow::Owned(wide)
        }
    }
}

/// Each of them widened.
#[inline]
pub fn widen_all<T: Float>(elements: &[T], wide: &mut [T::Wide]) {
    match cast::<T::Wide, _>(elements) {
        Ok(elements) => wide.copy_from_slice(elements),
        // SAFETY: nothing but numbers is written there.
        Err(elements) => _ = widen(elements, unsafe { &mut *(wide as *mut [T::Wide] as *mut [MaybeUninit<T::Wide>]) }),
    }
}

/// Calculates with all of them as wide numbers.
#[inline]
pub fn calculate<T: Float>(elements: InOut<'_, T>, f: impl FnOnce(InOut<'_, T::Wide>)) {
    let mut elements = match cast::<T::Wide, _>(elements) {
        Ok(elements) => return f(elements),
        Err(elements) => elements,
    };
    let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
    let mut many = Vec::new();
    let wide = widened(elements.from(), &mut buffer, &mut many);
    f(InOut::in_place(wide));
    round(wide, elements.to());
}

/// Writes all of them by way of wide numbers, which `f` writes.
#[inline]
pub fn write<T: Float>(elements: &mut [T], f: impl FnOnce(&mut [T::Wide])) {
    match cast::<T::Wide, _>(elements) {
        Ok(elements) => f(elements),
        Err(elements) => {
            let mut wide = vec![num_traits::zero(); elements.len()];
            f(&mut wide);
            round(&wide, elements);
        }
    }
}
