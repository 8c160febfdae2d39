//! In which order a product counts its positions.
//!
//! `Patch = Colours * Pixels` counts all pixels of the first colour first, as `Times<Colours, Pixels>` does. Another
//! dimension of that size may stand for it if it is no product itself, or if its factors say the same: a factor may be
//! taken apart into several, and a number without a name is any factor of its size, but two names are two factors.

use crate::sealed::Sealed;
use std::marker::PhantomData;
use std::ops::Mul;
use typenum::{Cmp, Compare, Equal, Greater, Less, Prod};

/// A factor of a dimension, and the factors inside of it.
pub struct Factor<Name, Size, Inside>(PhantomData<fn() -> (Name, Size, Inside)>);

/// No more factors.
pub enum End {}

/// The name of a factor that is a dimension.
pub struct Named<D>(PhantomData<fn() -> D>);

/// The name of a factor that is a number.
pub enum Numeral {}

/// That two dimensions of one size, whose factors are these, count their positions in one order.
pub trait InOrder<Other> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

// What is no product is a matter of size alone.
#[diagnostic::do_not_recommend]
impl<N, S, M, T, Inside> InOrder<Factor<M, T, Inside>> for Factor<N, S, End> {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<N, S, O, U, Inside, M, T> InOrder<Factor<M, T, End>> for Factor<N, S, Factor<O, U, Inside>> {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<N, S, X, U, A, M, T, Y, V, B> InOrder<Factor<M, T, Factor<Y, V, B>>> for Factor<N, S, Factor<X, U, A>>
where
    Self: Goes<Factor<M, T, Factor<Y, V, B>>>,
{
    fn sealed(_: Sealed) {}
}

/// That factors go with others, from the outermost on.
pub trait Goes<Others> {}

// What is left when one side ends is of size 1: all of both is of one size.
impl Goes<End> for End {}
impl<M, T, B> Goes<Factor<M, T, B>> for End {}
impl<N, S, A> Goes<End> for Factor<N, S, A> {}
impl<N, S: Cmp<T>, A, M, T, B> Goes<Factor<M, T, B>> for Factor<N, S, A> where
    Compare<S, T>: Meets<Factor<N, S, A>, Factor<M, T, B>>
{
}

/// That factors go with others, of which the first compare so.
pub trait Meets<Factors, Others> {}

impl<N: Is<M>, S, A: Goes<B>, M, T, B> Meets<Factor<N, S, A>, Factor<M, T, B>> for Equal {}
// The larger one is a product of the smaller one and what follows it.
impl<N, S, A: Fills<S, T, Left: Goes<B>>, M, T, B> Meets<Factor<N, S, A>, Factor<M, T, B>> for Less {}
impl<N, S, A: Goes<<B as Fills<T, S>>::Left>, M, T, B: Fills<T, S>> Meets<Factor<N, S, A>, Factor<M, T, B>>
    for Greater
{
}

/// That two factors of one size are one.
pub trait Is<Other> {}

impl<D> Is<Named<D>> for Named<D> {}
impl<D> Is<Numeral> for Named<D> {}
impl<D> Is<Named<D>> for Numeral {}
impl Is<Numeral> for Numeral {}

/// That the first of the factors, and `Part` before them, are `Whole`.
pub trait Fills<Part, Whole> {
    /// The factors after these.
    type Left;
}

impl<N, S, A, Part: Mul<S>, Whole> Fills<Part, Whole> for Factor<N, S, A>
where
    Prod<Part, S>: Cmp<Whole>,
    Compare<Prod<Part, S>, Whole>: FillsMore<A, Prod<Part, S>, Whole>,
{
    type Left = <Compare<Prod<Part, S>, Whole> as FillsMore<A, Prod<Part, S>, Whole>>::Left;
}

/// [`Fills`], where the part and the whole compare so.
pub trait FillsMore<Factors, Part, Whole> {
    /// The factors after these.
    type Left;
}

impl<A, Part, Whole> FillsMore<A, Part, Whole> for Equal {
    type Left = A;
}
impl<A: Fills<Part, Whole>, Part, Whole> FillsMore<A, Part, Whole> for Less {
    type Left = A::Left;
}
