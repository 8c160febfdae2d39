//! Shapes: tuples of dimensions, and the relations between them that operations ask for.
//!
//! Every relation is a trait whose message names the shapes. A relation is a bound of a method, so
//! that a shape that does not fit is reported where it is used.
//!
//! # Generic code
//!
//! A layer for tensors of any rank asks for what its operations ask for. What ends in a dimension is [`Last<E>`], and goes
//! together with a bias `(E,)`; `S::With<F>` is the shape with `F` in place of `E`, and what puts `E` back gives `S`. An axis anywhere
//! is [`Axis<D, Position>`](Axis), with a type parameter for its position.
//!
//! ```
//! use congruent::dim::Dense;
//! use congruent::nn::Linear;
//! use congruent::prelude::*;
//! use congruent::shape::{Axis, Last};
//!
//! fn layer_norm<S, E, P>(x: &Tensor<S>, e: E, gain: &Tensor<(E,)>, bias: &Tensor<(E,)>) -> Tensor<S>
//! where
//!     S: Last<E> + Axis<E, P, Dim = E>,
//!     E: Dense,
//! {
//!     let centered = x - x.mean(e).expand_as(x, e);
//!     let deviation = (centered.square().mean(e) + 1e-5).sqrt();
//!     centered / deviation.expand_as(x, e) * gain + bias
//! }
//!
//! fn gated<S: Last<E>, E: Dense, F: Dense>(x: &Tensor<S>, [gate, up]: [&Linear<E, F>; 2], down: &Linear<F, E>) -> Tensor<S> {
//!     x + down.forward(&(gate.forward(x).silu() * up.forward(x)))
//! }
//!
//! /// A layer that is adapted by two small ones (LoRA): what goes through these ends in `O` too.
//! fn adapted<S, I, R, O>(x: &Tensor<S>, base: &Linear<I, O>, down: &Linear<I, R>, up: &Linear<R, O>) -> Tensor<S::With<O>>
//! where
//!     S: Last<I>,
//!     S::With<R>: Last<R, With<O> = S::With<O>>,
//!     I: Dense,
//!     R: Dense,
//!     O: Dense,
//! {
//!     base.forward(x) + up.forward(&down.forward(x))
//! }
//! ```

mod apart;
mod attention;
mod axis;
mod broadcast;
mod convolution;
mod given;
mod ids;
mod join;
mod last;
mod letters;
mod matmul;
mod part;
mod permute;
mod same;
mod sizes;
mod unclear;

pub use apart::{InParts, LooksUp};
pub use attention::{
    AllPositions, Appends, Attends, MergeHeads, PositionsOf, Sequence, SequencePart, Sequences, SharesHeads,
    SplitHeads, Turns,
};
pub use axis::{At, Axis, OtherThan, Stacks};
#[doc(hidden)]
pub use broadcast::GoesWith;
pub use broadcast::{Broadcast, FitsInto, Without};
pub use convolution::{Convolve, ConvolveTransposed, Images, OneGroup, SaidOf, Slide};
#[doc(hidden)]
pub use given::Given;
pub use ids::{DiffersAlong, Rows, TakesRows};
pub use join::{Append, Concat, Merge, Prepend, Product, SplitAxis, Total};
pub use last::Last;
#[doc(hidden)]
pub use letters::{Agree, Agreed, Disagree, SameLetter};
pub use matmul::MatMul;
#[doc(hidden)]
pub use part::{Part, PartOfAxis};
pub use permute::Permute;
pub use same::{Matrix, SameShape, Vector};
pub use sizes::{ChoosesSize, Sizes};
pub use unclear::{CountedAs, CutByTheLoss, PairsByHand, SoftmaxAlong, TakenByNumber};

use crate::dim::{Dim, Filled, Name, Whole};
#[doc(hidden)]
pub use crate::dim::{Never, Nothing};
use crate::mesh_axes::MeshAxes;
use crate::sealed::Sealed;
use std::fmt::{self, Debug, Display, Formatter};

/// The shape of a tensor: a tuple of zero to six dimensions, the outermost first.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq; Embed = 8; }
/// bind!(seq: Seq = 5);
/// assert_eq!((Batch, seq, Embed).elements(), 80);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape",
    label = "not a shape",
    note = "a shape is a tuple of dimensions: `(Batch, Seq, Embed)`; of one, `(Embed,)`",
    note = "explained in `congruent::errors::C09`: https://docs.rs/congruent/latest/congruent/errors/C09/"
)]
pub trait Shape: Copy + Debug + Send + Sync + Broadcast<Self, Larger = Self> {
    /// The number of dimensions.
    const RANK: usize;
    /// An array of one size for each dimension.
    type Sizes: AsRef<[usize]> + Copy + Debug + PartialEq;

    /// The size of each dimension.
    fn sizes(self) -> Sizes<Self::Sizes>;

    /// The number of elements. A number beyond `usize` counts as `usize::MAX`.
    fn elements(self) -> usize {
        self.sizes().as_ref().iter().fold(1, |n, &size| n.saturating_mul(size))
    }

    /// The name of each dimension.
    #[doc(hidden)]
    fn names() -> Vec<String>;
    /// Whether other ranks may have other positions of a dimension.
    #[doc(hidden)]
    const IS_SHARDED: bool;
    /// The axes of a mesh along which other ranks have other parts.
    #[doc(hidden)]
    fn mesh_axes(self) -> MeshAxes;
    /// Which part of the whole this rank has.
    #[doc(hidden)]
    fn part(self) -> Part;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// A shape whose dimensions are all without padding: [`Dense`](crate::dim::Dense).
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold padding, and this operation would read it",
    label = "a dimension of this shape may hold padding",
    note = "the mean of the valid positions is `mean_of_valid(&x, &lengths)`; else say what the padding becomes: of losses and sums `x.fill_padding(&lengths, 0.0)`, and what is chosen `chosen.fill_padding(&lengths, false)`",
    note = "explained in `congruent::errors::C06`: https://docs.rs/congruent/latest/congruent/errors/C06/"
)]
pub trait Unpadded: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// A shape of which each rank has all positions: each of its dimensions is [`Whole`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` may have one rank's part of a dimension, and this operation would take it for the whole",
    label = "the parts of the other ranks would be left out",
    note = "the axis that is a `Shard` is reduced before, by all ranks together: `x.partial_mean(axis).all_reduce()`, `x.partial_sum(axis).all_reduce()`; or each rank gets all of it: `x.all_gather(axis)`",
    note = "explained in `congruent::errors::C115`: https://docs.rs/congruent/latest/congruent/errors/C115/"
)]
pub trait OfAllRanks: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! shape { ($rank:literal: $($D:ident $i:tt)*) => {
    impl<$($D: Dim),*> Shape for ($($D,)*) {
        const RANK: usize = $rank;
        type Sizes = [usize; $rank];
        fn sizes(self) -> Sizes<[usize; $rank]> {
            Sizes::new([$(self.$i.size()),*])
        }
        fn names() -> Vec<String> {
            vec![$(Name::<$D>::new().to_string()),*]
        }
        const IS_SHARDED: bool = false $(|| $D::IS_SHARDED)*;
        #[track_caller]
        fn mesh_axes(self) -> MeshAxes {
            part::disjoint([$(self.$i.mesh_axes()),*], || Described::new(self).to_string())
        }
        fn part(self) -> Part {
            Part::new(vec![$(PartOfAxis::new(self.$i)),*])
        }
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<$($D: Filled),*> Unpadded for ($($D,)*) {
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<$($D: Whole),*> OfAllRanks for ($($D,)*) {
        fn sealed(_: Sealed) {}
    }
} }
shape!(0:);
shape!(1: A 0);
shape!(2: A 0 B 1);
shape!(3: A 0 B 1 C 2);
shape!(4: A 0 B 1 C 2 D 3);
shape!(5: A 0 B 1 C 2 D 3 E 4);
shape!(6: A 0 B 1 C 2 D 3 E 4 F 5);

/// That two types are one.
///
/// A bound on `X` where `S: Is<X>` is checked after a method was found, so that its message shows.
#[doc(hidden)]
pub trait Is<X> {
    /// The same value.
    fn cast(self) -> X;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
impl<X> Is<X> for X {
    fn cast(self) -> X {
        self
    }
    fn sealed(_: Sealed) {}
}

/// That a tensor of the shape has one element, whatever its dimensions are: `()`.
#[diagnostic::on_unimplemented(
    message = "a tensor of shape `{Self}` is not known to be one number",
    label = "expected a tensor of shape `()`",
    note = "each of its dimensions is reduced before, `x.mean(Batch).scalar()`, or all of them, `x.mean_all().scalar()`",
    note = "all its elements are `x.to_vec()`, and those at one position `x.at(Batch, 0)?`",
    note = "explained in `congruent::errors::C100`: https://docs.rs/congruent/latest/congruent/errors/C100/"
)]
pub trait WithoutDimensions {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl WithoutDimensions for () {
    fn sealed(_: Sealed) {}
}
// Else the compiler would take the one shape for granted.
#[diagnostic::do_not_recommend]
impl WithoutDimensions for Never {
    fn sealed(_: Sealed) {}
}

/// That a tensor of the shape is one number: `()`.
#[diagnostic::on_unimplemented(
    message = "a loss of shape `{Self}` is not one number",
    label = "expected a loss of shape `()`",
    note = "a mean makes it one: `losses.mean(Batch)`; over padding, `mean_of_valid(&losses, &lengths)`",
    note = "explained in `congruent::errors::C42`: https://docs.rs/congruent/latest/congruent/errors/C42/"
)]
pub trait OneNumber {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl OneNumber for () {
    fn sealed(_: Sealed) {}
}
// Else the compiler would take the one shape for granted.
#[diagnostic::do_not_recommend]
impl OneNumber for Never {
    fn sealed(_: Sealed) {}
}

/// A shape whose type is not known: it is shown, and knows which part of a whole it is.
pub(crate) trait AnyShape: Display {
    /// The part that this rank has; nothing if each rank has all.
    fn part(&self) -> Option<Part> {
        None
    }
    /// The axes of a mesh along which other ranks have other parts.
    fn mesh_axes(&self) -> MeshAxes {
        MeshAxes::NONE
    }
}
impl AnyShape for String {}

/// Shows a shape with its names and sizes: `(Batch = 2, Seq = 5)`.
pub(crate) struct Described<S> {
    sizes: Vec<usize>,
    shape: S,
}

impl<S: Shape> Described<S> {
    pub(crate) fn new(shape: S) -> Self {
        Described { sizes: shape.sizes().as_ref().to_vec(), shape }
    }
}

impl<S: Shape> AnyShape for Described<S> {
    fn part(&self) -> Option<Part> {
        S::IS_SHARDED.then(|| self.shape.part())
    }
    fn mesh_axes(&self) -> MeshAxes {
        self.shape.mesh_axes()
    }
}

impl<S: Shape> Display for Described<S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, (name, size)) in S::names().iter().zip(&self.sizes).enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{name} = {size}")?;
        }
        f.write_str(")")
    }
}
