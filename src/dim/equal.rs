//! That two dimensions are of one size: known from their types, or from a comparison at run time.

use super::factors::{End, InOrder};
use super::{Candidates, Dense, Dim, Keys, N, Name, Never, Normal, Nothing, Plus, Shard, Times};
use crate::Error;
use crate::sealed::Sealed;

/// Dimensions of the same size, known at compile time, whose positions are counted in one order.
///
/// A dimension that is declared by its number may be any product of that size. Of two products the factors have to agree,
/// from the outermost on: `Patch = Colours * Pixels` is `Times<Colours, Pixels>`, and not `Times<Pixels, Colours>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` and `{Other}` differ in size, or in the order of their factors",
    label = "`{Self}` is not known to have the size of `{Other}`, and its order",
    note = "size and factors of a dimension stand where it is declared: `Patch = Colours * Pixels` is `Times<Colours, Pixels>`, and in no other order",
    note = "what only run time knows, or is to be equal by its number alone, is compared once: `Equal::check(a, b)?`, then `x.relabel_by(equal)`",
    note = "of one dimension, parts along two axes of a mesh are other positions: `x.all_gather(axis).shard(part)`",
    note = "`N<..>` counts up to 1024 and in powers of two; declare other numbers: `dims! {{ pub Width = 1500; }}`",
    note = "explained in `congruent::errors::C01`: https://docs.rs/congruent/latest/congruent/errors/C01/"
)]
pub trait SameSize<Other>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

#[diagnostic::do_not_recommend]
impl<A: Normal + Agrees<B, A::Size, B::Size>, B: Normal> SameSize<B> for A
where
    A::Factors<End>: InOrder<B::Factors<End>>,
{
    fn sealed(_: Sealed) {}
}

macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<A: Dim> SameSize<$Never> for A {
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);

/// That the normal forms `X` of `Self` and `Y` of `B` are one.
pub trait Agrees<B, X, Y> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<A, B, Size> Agrees<B, Size, Size> for A {
    fn sealed(_: Sealed) {}
}

/// A dimension whose size may be compared with that of another one, for [`Equal::check`]: a [`Dense`] one.
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is not compared: it may have padding, or be one rank's part",
    label = "expected a dimension without padding of which each rank has all positions",
    note = "padding is filled in before: `x.fill_padding(&lengths, value)`",
    note = "of parts along one axis of a mesh, the wholes are compared: `Equal::check(a.whole(), b.whole())?.of_parts(a, b)`; another axis has other positions: `x.all_gather(axis).shard(part)`",
    note = "in generic code, ask for a dimension that is whole and without padding: `S: Dense`",
    note = "explained in `congruent::errors::C97`: https://docs.rs/congruent/latest/congruent/errors/C97/"
)]
pub trait SizeCompared: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Dense> SizeCompared for D {
    fn sealed(_: Sealed) {}
}

/// The proof that two dimensions are of one size.
///
/// It is made of their types where these say so, else by one comparison at run time; relabelling
/// with it is free from then on.
///
/// ```
/// use congruent::prelude::*;
/// dims! { once Width; once Heads; once HeadDim; Seq; }
///
/// # fn main() -> Result<(), congruent::Error> {
/// let (width, heads, head_dim) = (Width::set(12)?, Heads::set(3)?, HeadDim::set(4)?);
/// let split = Equal::check(width, Times(heads, head_dim))?;
///
/// bind!(seq: Seq = 5);
/// let x: Tensor<_> = Tensor::ones((seq, width));
/// let heads: Tensor<(_, Times<Heads, HeadDim>)> = x.relabel_by(split);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Equal<A, B> {
    from: A,
    to: B,
}

impl<A: Dim, B: Dim> Equal<A, B> {
    /// Compares the sizes, and nothing else: dimensions whose types are products of other factors may be equal here.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Width; Heads = 3; HeadDim = 4; }
    /// bind!(width: Width = 12);
    /// assert!(Equal::check(width, Times(Heads, HeadDim)).is_ok());
    /// bind!(width: Width = 13);
    /// let error = Equal::check(width, Times(Heads, HeadDim)).unwrap_err();
    /// assert!(error.to_string().contains("13") && error.to_string().contains("12"));
    /// ```
    ///
    /// # Errors
    /// They differ; the error names both dimensions and their sizes. Or one of them is `usize::MAX`, which stands for
    /// everything beyond.
    pub fn check(from: A, to: B) -> Result<Self, Error>
    where
        A: SizeCompared,
        B: SizeCompared,
    {
        let (left, right) = (Name::<A>::new(), Name::<B>::new());
        match (from.size(), to.size()) {
            (usize::MAX, _) => Err(Error::SizeBeyondCount { dimension: left.to_string() }),
            (_, usize::MAX) => Err(Error::SizeBeyondCount { dimension: right.to_string() }),
            (left_size, right_size) if left_size != right_size => {
                Err(Error::DifferentSizes { left: left.to_string(), left_size, right: right.to_string(), right_size })
            }
            _ => Ok(Equal { from, to }),
        }
    }

    /// The proof for dimensions whose types say that they are of one size.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Width = 12; Heads = 3; HeadDim = 4; }
    /// let split = Equal::known(Width, Times(Heads, HeadDim));
    /// let x: Tensor<(Times<Heads, HeadDim>,)> = Tensor::ones((Width,)).relabel_by(split);
    /// ```
    pub fn known(from: A, to: B) -> Self
    where
        A: SameSize<B>,
    {
        Equal { from, to }
    }

    /// The first dimension.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Width = 12; Heads = 3; HeadDim = 4; }
    /// assert_eq!(Equal::known(Width, Times(Heads, HeadDim)).from(), Width);
    /// ```
    pub fn from(self) -> A {
        self.from
    }

    /// The second dimension.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Width = 12; Heads = 3; HeadDim = 4; }
    /// assert_eq!(Equal::known(Width, Times(Heads, HeadDim)).to(), Times(Heads, HeadDim));
    /// ```
    pub fn to(self) -> B {
        self.to
    }

    /// `B` equals `A`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Width = 12; Heads = 3; HeadDim = 4; }
    /// let merge = Equal::known(Width, Times(Heads, HeadDim)).flip();
    /// let x: Tensor<(Width,)> = Tensor::ones((Times(Heads, HeadDim),)).relabel_by(merge);
    /// ```
    pub fn flip(self) -> Equal<B, A> {
        Equal { from: self.to, to: self.from }
    }

    /// `A` equals `C`, if `B` does.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { First; Second; Third; }
    /// bind!(first: First = 5, second: Second = 5, third: Third = 5);
    /// let equal = Equal::check(first, second)?.then(Equal::check(second, third)?);
    /// assert_eq!(Tensor::ones((first,)).relabel_by(equal).dim(third).size(), 5);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn then<C: Dim>(self, next: Equal<B, C>) -> Equal<A, C> {
        Equal { from: self.from, to: next.to }
    }

    /// The parts of `A` and `B` that a rank has are of one size, along one axis of a mesh.
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, in_threads};
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Heads = 4; once Groups; }
    /// let groups = Groups::set(4)?;
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (heads, groups) = (mesh.shard(Heads, Model), mesh.try_shard(groups, Model)?);
    ///     let x = Tensor::ones((heads,));
    ///     let equal = Equal::check(Heads, groups.whole())?.of_parts(heads, groups);
    ///     let y: Tensor<(Shard<Groups, Model>,)> = x.relabel_by(equal);
    ///     assert_eq!(y.sizes(), [2]);
    ///     Ok::<(), Error>(())
    /// });
    /// # Ok::<(), Error>(())
    /// ```
    pub fn of_parts<M: Dim>(self, from: Shard<A, M>, to: Shard<B, M>) -> Equal<Shard<A, M>, Shard<B, M>> {
        Equal { from, to }
    }

    /// `A × C` equals `B × D`, if `C` equals `D`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Seq; Positions; Width = 12; Heads = 3; HeadDim = 4; }
    /// bind!(seq: Seq = 5, positions: Positions = 5);
    /// let equal = Equal::check(seq, positions)?.times(Equal::known(Width, Times(Heads, HeadDim)));
    /// assert_eq!(equal.to().size(), 60);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn times<C: Dim, D: Dim>(self, other: Equal<C, D>) -> Equal<Times<A, C>, Times<B, D>> {
        Equal { from: Times(self.from, other.from), to: Times(self.to, other.to) }
    }

    /// `A + C` equals `B + D`, if `C` equals `D`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Past; Read; New = 1; Next = 1; }
    /// bind!(past: Past = 5, read: Read = 5);
    /// let equal = Equal::check(past, read)?.plus(Equal::known(New, Next));
    /// assert_eq!(Tensor::ones((Plus(past, New),)).relabel_by(equal).dim(Plus(read, Next)).size(), 6);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn plus<C: Dim, D: Dim>(self, other: Equal<C, D>) -> Equal<Plus<A, C>, Plus<B, D>> {
        Equal { from: Plus(self.from, other.from), to: Plus(self.to, other.to) }
    }
}

impl<A: Dim> Equal<A, A> {
    /// A dimension equals itself.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Seq; Width = 12; Heads = 3; HeadDim = 4; }
    /// bind!(seq: Seq = 5);
    /// let equal = Equal::same(seq).times(Equal::known(Width, Times(Heads, HeadDim)));
    /// assert_eq!((equal.from().size(), equal.to().size()), (60, 60));
    /// ```
    pub fn same(dim: A) -> Self {
        Equal { from: dim, to: dim }
    }
}

impl<A: Dim, B: Dim, C: Dim> Equal<Times<Times<A, B>, C>, Times<A, Times<B, C>>> {
    /// `(A × B) × C` equals `A × (B × C)`, for any dimensions.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch; Heads = 3; HeadDim = 4; }
    /// bind!(batch: Batch = 2);
    /// let regroup = Equal::regroup_times(Times(Times(batch, Heads), HeadDim));
    /// let x: Tensor<(Times<_, Times<Heads, HeadDim>>,)> = Tensor::ones((regroup.from(),)).relabel_by(regroup);
    /// assert_eq!(x.sizes(), [24]);
    /// ```
    pub fn regroup_times(dim: Times<Times<A, B>, C>) -> Self {
        let Times(Times(a, b), c) = dim;
        Equal { from: dim, to: Times(a, Times(b, c)) }
    }
}

impl<A: Dim, B: Dim, C: Dim> Equal<Plus<Plus<A, B>, C>, Plus<A, Plus<B, C>>> {
    /// `(A + B) + C` equals `A + (B + C)`, for any dimensions.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Past; New = 1; Next = 1; }
    /// bind!(past: Past = 5);
    /// let regroup = Equal::regroup_plus(Plus(Plus(past, New), Next));
    /// let x: Tensor<(Plus<_, Plus<New, Next>>,)> = Tensor::ones((regroup.from(),)).relabel_by(regroup);
    /// assert_eq!(x.sizes(), [7]);
    /// ```
    pub fn regroup_plus(dim: Plus<Plus<A, B>, C>) -> Self {
        let Plus(Plus(a, b), c) = dim;
        Equal { from: dim, to: Plus(a, Plus(b, c)) }
    }
}

impl<D: Dim> Equal<D, Times<D, N<1>>> {
    /// `A` equals `A × 1`: channels, each of which is a group of its own, as of a depthwise convolution.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// use congruent::dim::Dense;
    ///
    /// /// Each channel by a window of its own.
    /// fn depthwise<B: Dim, C: Dense, T: Dense, K: Dim>(
    ///     x: &Tensor<(B, C, T)>,
    ///     weight: &Tensor<(Times<C, N<1>>, N<1>, K)>,
    /// ) -> Result<Tensor<(B, C, T)>, Error> {
    ///     let (_, channels, time) = x.shape();
    ///     let alone = Equal::times_one(channels);
    ///     let sliding = Sliding::default().padding(N::<1>).groups(channels);
    ///     Ok(x.relabel_by(alone).try_conv(weight, None, time, sliding)?.relabel_by(alone.flip()))
    /// }
    /// ```
    pub fn times_one(dim: D) -> Self {
        Equal { from: dim, to: Times(dim, N) }
    }
}

impl<D: Dim> Equal<D, Keys<D>> {
    /// The positions of `D` equal themselves as keys.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::dim::Keys;
    /// dims! { Seq = 5; Embed = 8; }
    /// let x = Tensor::ones((Seq, Embed));
    /// let keys: Tensor<(Keys<Seq>, Embed)> = x.relabel_by(Equal::keys(Seq));
    /// let scores: Tensor<(Seq, Keys<Seq>)> = einsum!("q e, k e -> q k", x, keys);
    /// assert_eq!(scores.to_vec(), [8.0; 25]);
    /// ```
    pub fn keys(dim: D) -> Self {
        Equal { from: dim, to: Keys(dim) }
    }
}

impl<D: Dim> Equal<D, Candidates<D>> {
    /// The positions of `D` equal themselves as candidates.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::dim::Candidates;
    /// dims! { Batch = 3; Embed = 8; }
    /// let x = Tensor::ones((Batch, Embed));
    /// let others: Tensor<(Candidates<Batch>, Embed)> = x.relabel_by(Equal::candidates(Batch));
    /// let similarities: Tensor<(Batch, Candidates<Batch>)> = einsum!("b e, c e -> b c", x, others);
    /// assert_eq!(similarities.to_vec(), [8.0; 9]);
    /// ```
    pub fn candidates(dim: D) -> Self {
        Equal { from: dim, to: Candidates(dim) }
    }
}
