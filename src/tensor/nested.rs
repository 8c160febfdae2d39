//! Nested arrays, whose lengths are sizes.

use crate::backend::Element;
use crate::dim::{ArrayDim, Dim, N, SameSize};
use crate::sealed::Sealed;
use generic_array::GenericArray;
use generic_array::sequence::GenericSequence;

/// Nested arrays of the sizes of the shape `S`: `[[T; 3]; 2]`, or of `GenericArray`s.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not have the shape `{S}`",
    label = "the lengths of the arrays are not the sizes of `{S}`",
    note = "each dimension of `{S}` is one level of `[..; SIZE]`, the outermost first",
    note = "elements in a `Vec`, for sizes that only run time knows, are checked by `from_vec`",
    note = "explained in `congruent::errors::C32`: https://docs.rs/congruent/latest/congruent/errors/C32/"
)]
pub trait Nested<S, T> {
    /// Appends the elements in row-major order.
    fn flatten(self, elements: &mut Vec<T>);
    /// Takes the elements in row-major order.
    fn build(elements: &mut impl Iterator<Item = T>) -> Self;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

impl<T: Element> Nested<(), T> for T {
    fn flatten(self, elements: &mut Vec<T>) {
        elements.push(self);
    }
    fn build(elements: &mut impl Iterator<Item = T>) -> T {
        elements.next().expect("a tensor has as many elements as its shape says")
    }
    fn sealed(_: Sealed) {}
}

macro_rules! nested { ($($($D:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<T, A: Dim, $($D: Dim,)* Inner: Nested<($($D,)*), T>, const LENGTH: usize> Nested<(A, $($D,)*), T> for [Inner; LENGTH]
    where
        N<LENGTH>: SameSize<A>,
    {
        fn flatten(self, elements: &mut Vec<T>) {
            self.into_iter().for_each(|inner| inner.flatten(elements));
        }
        fn build(elements: &mut impl Iterator<Item = T>) -> Self {
            std::array::from_fn(|_| Inner::build(elements))
        }
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<T, A: ArrayDim, $($D: Dim,)* Inner: Nested<($($D,)*), T>> Nested<(A, $($D,)*), T> for GenericArray<Inner, A::Number> {
        fn flatten(self, elements: &mut Vec<T>) {
            self.into_iter().for_each(|inner| inner.flatten(elements));
        }
        fn build(elements: &mut impl Iterator<Item = T>) -> Self {
            GenericArray::generate(|_| Inner::build(elements))
        }
        fn sealed(_: Sealed) {}
    }
)*} }
nested! {
    ;
    B;
    B C;
    B C D;
    B C D E;
    B C D E F;
}
