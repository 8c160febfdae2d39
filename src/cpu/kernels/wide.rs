//! Conversion to the type of the arithmetic (`f16` and `bf16` are widened to `f32`), and back.

use super::cast::cast;
use super::in_out::InOut;
use super::simd::{self, Narrowed, NarrowedRows};
use crate::backend::{Float, Number};
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

/// The numbers as those of which kernels widen some at a time, if they are such.
#[inline]
pub fn narrowed<T: Float>(elements: &[T]) -> Option<Narrowed<'_>> {
    cast::<f16, _>(elements).map(Narrowed::F16).or_else(|elements| cast::<bf16, _>(elements).map(Narrowed::Bf16)).ok()
}

/// Writes so many rows and columns of them widened.
///
/// # Panics
/// The wide numbers are not `f32`, or there is no place for them.
pub fn widen_rows<T: Float>(from: NarrowedRows<'_>, size: [usize; 2], to: &mut [T::Wide]) {
    let Ok(to) = cast::<f32, _>(to) else { panic!("what is held in less room is widened to `f32`") };
    simd::widen_rows(from, size, to);
}

/// Writes each number as one of the other type, if one of them is `f32` and the other has 16 bits. Whether they are so.
///
/// # Panics
/// The slices are not of one length.
pub fn convert<T: Number, U: Number>(from: &[T], to: &mut [U]) -> bool {
    macro_rules! narrow { ($($narrow:ident)*) => {$(
        if let (Ok(from), Ok(to)) = (cast::<$narrow, _>(from), cast::<f32, _>(&mut *to)) {
            widen_all(from, to);
            return true;
        }
        if let (Ok(from), Ok(to)) = (cast::<f32, _>(from), cast::<$narrow, _>(&mut *to)) {
            simd::round(from, to);
            return true;
        }
    )*} }
    narrow! { f16 bf16 }
    false
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_converted_as_their_values_are() {
        fn check<T: Number, U: Number>(from: &[T]) {
            let mut to = vec![U::zero(); from.len()];
            assert!(convert(from, &mut to));
            for (from, to) in from.iter().zip(to) {
                let expected = U::from_value(from.to_value());
                let are_nan = [to, expected].iter().all(|x| x.to_f64().is_some_and(f64::is_nan));
                assert!(to == expected || are_nan, "{to:?} of {from:?}, expected {expected:?}");
            }
        }
        let bits = (0..=u16::MAX).step_by(if cfg!(miri) { 997 } else { 1 });
        check::<f16, f32>(&bits.clone().map(f16::from_bits).collect::<Vec<_>>());
        check::<bf16, f32>(&bits.clone().map(bf16::from_bits).collect::<Vec<_>>());
        // Also halfway between narrow numbers, and next to that.
        let wide: Vec<f32> = bits
            .flat_map(|high| [0, 0x1000, 0x7fff, 0x8000, 0x8001].map(|low| (high, low)))
            .map(|(high, low): (u16, u32)| f32::from_bits(u32::from(high) << 16 | low))
            .collect();
        check::<f32, f16>(&wide);
        check::<f32, bf16>(&wide);
        assert!(!convert(&[1.0f32], &mut [0.0f32]) && !convert(&[1i8], &mut [0.0f32]));
    }
}
