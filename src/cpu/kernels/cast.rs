//! What a kernel takes, of any number, as that of one type: how generic code finds the kernels of that type.

use crate::backend::{Epilogue, Number};
use std::any::TypeId;
use std::mem::{ManuallyDrop, MaybeUninit, transmute_copy};

/// What is made of numbers of one type.
///
/// # Safety
/// `Self` is `Self::Of<Self::Number>`.
pub unsafe trait Typed: Sized {
    /// The type of the numbers.
    type Number: Number;
    /// The same of numbers of another type.
    type Of<U: Number>;
}

/// The same value, if its numbers are of this type, and else as it was. Which of the two is known when the caller is compiled.
#[inline(always)]
pub fn cast<U: Number, X: Typed>(x: X) -> Result<X::Of<U>, X> {
    if TypeId::of::<U>() != TypeId::of::<X::Number>() {
        return Err(x);
    }
    // SAFETY: `U` is `X::Number`, so that `X::Of<U>` is `X`. It is not dropped here.
    Ok(unsafe { transmute_copy::<ManuallyDrop<X>, X::Of<U>>(&ManuallyDrop::new(x)) })
}

/// Says that a type with a lifetime and the type of its numbers is what it is called.
macro_rules! typed { ($($name:ident)*) => {$(
    // SAFETY: both are the same name with the same arguments.
    unsafe impl<'a, T: $crate::backend::Number> $crate::cpu::kernels::cast::Typed for $name<'a, T> {
        type Number = T;
        type Of<U: $crate::backend::Number> = $name<'a, U>;
    }
)*} }
pub(in crate::cpu::kernels) use typed;

/// As [`typed`], of slices.
macro_rules! typed_slices { ($($T:ident: $slice:ty, $of:ty;)*) => {$(
    // SAFETY: the second is the first with `U` for `T`.
    unsafe impl<'a, $T: Number> Typed for $slice {
        type Number = $T;
        type Of<U: Number> = $of;
    }
)*} }
typed_slices! {
    T: &'a [T], &'a [U];
    T: &'a mut [T], &'a mut [U];
    T: &'a mut [[T; 2]], &'a mut [[U; 2]];
    T: &'a mut [MaybeUninit<T>], &'a mut [MaybeUninit<U>];
    T: Epilogue<'a, [T]>, Epilogue<'a, [U]>;
}

// SAFETY: the second is the first with `U` for `T`.
unsafe impl<'a, 'b, T: Number> Typed for &'a [&'b [T]] {
    type Number = T;
    type Of<U: Number> = &'a [&'b [U]];
}

// SAFETY: as above.
unsafe impl<'a, 'b, T: Number> Typed for &'a mut [&'b mut [T]] {
    type Number = T;
    type Of<U: Number> = &'a mut [&'b mut [U]];
}

// SAFETY: by the bound.
unsafe impl<X: Typed> Typed for Option<X> {
    type Number = X::Number;
    type Of<U: Number> = Option<X::Of<U>>;
}

// SAFETY: by the bound.
unsafe impl<X: Typed, const N: usize> Typed for [X; N] {
    type Number = X::Number;
    type Of<U: Number> = [X::Of<U>; N];
}

/// As [`typed`], of what is made of the same numbers.
macro_rules! typed_tuples { ($(($first:ident $($other:ident)*))*) => {$(
    // SAFETY: by the bounds.
    unsafe impl<$first: Typed, $($other: Typed<Number = $first::Number>),*> Typed for ($first, $($other),*) {
        type Number = $first::Number;
        type Of<U: Number> = ($first::Of<U>, $($other::Of<U>),*);
    }
)*} }
typed_tuples! { (A B) (A B C) (A B C D) }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::kernels::in_out::{InOut, Operand};
    use crate::cpu::kernels::matrix::Matrix;

    /// The same elements, if they are numbers of type `U`.
    fn as_type<U: Number, T: Number>(elements: &[T]) -> Option<&[U]> {
        cast::<U, _>(elements).ok()
    }

    #[test]
    fn numbers_of_one_type_are_no_others() {
        assert_eq!(as_type::<f32, f32>(&[1.0, 2.0]), Some(&[1.0, 2.0][..]));
        assert_eq!(as_type::<f32, f64>(&[1.0, 2.0]), None);
        // As large, and of the same bits.
        assert_eq!(as_type::<u32, i32>(&[1, 2]), None);
        assert_eq!(as_type::<half::f16, half::bf16>(&[half::bf16::ONE]), None);
        assert_eq!(as_type::<usize, u64>(&[1]), None);
    }

    #[test]
    fn what_is_made_of_numbers_is_the_same_as_a_whole() {
        fn first<T: Number>(x: &[T], y: &mut [T]) -> Option<[f32; 4]> {
            let matrix = Matrix { elements: x, strides: [2, 1] };
            let after = Epilogue::residual(x);
            let all = (InOut::new(x, y), Operand::Scalar(x[1]), [matrix, matrix.part(0, 1)], Some(after));
            let (mut x, y, [_, matrix], after) = cast::<f32, _>(all).ok()?;
            x.to()[0] = x.from()[0] + 1.0;
            let Operand::Scalar(y) = y else { return None };
            Some([x.to()[0], y, matrix.elements[0], after?.residual?[1]])
        }
        let mut y = [0.0; 2];
        assert_eq!(first(&[5.0f32, 7.0], &mut y), Some([6.0, 7.0, 7.0, 7.0]));
        assert_eq!(y, [6.0, 0.0]);
        assert_eq!(first(&[5i32, 7], &mut [0; 2]), None);
    }

    #[test]
    fn what_is_not_of_the_type_is_given_back_and_dropped_once() {
        struct Counted<'a, T>(&'a std::cell::Cell<u32>, T);
        impl<T> Drop for Counted<'_, T> {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        typed!(Counted);
        let drops = std::cell::Cell::new(0);
        let back = cast::<f64, _>(Counted(&drops, 1.0f32)).err().expect("another type");
        assert_eq!((back.1, drops.get()), (1.0, 0));
        drop(cast::<f32, _>(back).ok().expect("the same type"));
        assert_eq!(drops.get(), 1);
    }
}
