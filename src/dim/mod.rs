//! Dimensions: a name and a size, as a type and a value.
//!
//! | dimension | size | declared by |
//! |---|---|---|
//! | static | part of the type | `dims! { pub Embed = 384; }`, [`N<384>`](N), or [`U384`](numbers) |
//! | run-time | bound in a scope | `dims! { pub Seq; }` and [`bind!`](crate::bind) |
//! | set once | the same in the whole program | `dims! { pub once Width; }` |
//! | [`Times<A, B>`], [`Plus<A, B>`] | `A × B`, `A + B` | any two dimensions |
//! | [`Ragged<D>`] | `D`, some of it padding | any dimension |
//! | [`Next<D>`] | one fewer than `D`: the positions that have a next one | any dimension |
//! | [`Packed<D>`] | `D`, in which several texts share a row | any dimension |
//! | [`Keys<D>`], [`Candidates<D>`] | `D`, in another role | any dimension |
//! | [`Shard<D, M>`] | `D` divided by the ranks of a mesh axis | any dimension, by a [`Mesh`](crate::mesh::Mesh) |
//!
//! # Two sizes of one architecture
//!
//! What is set once has one size in the whole program, tests in one binary included. So an architecture that is to be there in several
//! sizes is generic over its dimensions, as the layers of [`nn`](crate::nn) are, and each configuration has a name of its own for them:
//!
//! ```
//! use congruent::dim::Dense;
//! use congruent::nn::{FeedForward, Linear};
//! use congruent::prelude::*;
//! dims! { Batch = 2; Classes = 3; }
//!
//! #[derive(Module)]
//! struct Model<Width, Hidden> {
//!     hidden: FeedForward<Width, Hidden>,
//!     head: Linear<Width, Classes>,
//! }
//! impl<Width: Dense, Hidden: Dense> Model<Width, Hidden> {
//!     fn random(width: Width, hidden: Hidden, rng: &mut Rng) -> Self {
//!         Model { hidden: FeedForward::random(width, hidden, rng), head: Linear::random(width, Classes, rng) }
//!     }
//!     fn forward(&self, x: &Tensor<(Batch, Width)>) -> Tensor<(Batch, Classes)> {
//!         self.head.forward(&self.hidden.forward(x))
//!     }
//! }
//!
//! mod draft {
//!     congruent::dims! { pub once Width; pub once Hidden; }
//! }
//! mod full {
//!     congruent::dims! { pub once Width; pub once Hidden; }
//! }
//! // Both are values that may be kept anywhere, and go to other threads.
//! struct Server {
//!     draft: Model<draft::Width, draft::Hidden>,
//!     full: Model<full::Width, full::Hidden>,
//! }
//! let rng = &mut Rng::with_seed(1);
//! let server = Server {
//!     draft: Model::random(draft::Width::set(4)?, draft::Hidden::set(8)?, rng),
//!     full: Model::random(full::Width::set(16)?, full::Hidden::set(64)?, rng),
//! };
//! assert_eq!((server.draft.parameter_count(), server.full.parameter_count()), (91, 2179));
//!
//! // Of any number of configurations, each lives in a scope: that of a thread, say.
//! dims! { Width; Hidden; }
//! let count = |size| {
//!     bind!(width: Width = size, hidden: Hidden = 4 * size);
//!     Model::random(width, hidden, &mut Rng::with_seed(1)).parameter_count()
//! };
//! assert_eq!([4, 16].map(count), [163, 2179]);
//! # Ok::<(), Error>(())
//! ```

/// The items of [`Dim`] that say where positions lie, of a dimension around another one, `D`, whose positions it has.
macro_rules! lies_as_inner {
    () => {
        const IS_SHARDED: bool = D::IS_SHARDED;
        fn mesh_axes(self) -> MeshAxes {
            self.0.mesh_axes()
        }
        fn whole_size(self) -> usize {
            self.0.whole_size()
        }
        fn whole_position(self, position: usize) -> usize {
            self.0.whole_position(position)
        }
    };
}

mod arithmetic;
mod counted;
mod equal;
mod even;
mod factors;
mod given;
mod limit;
mod next;
mod number;
mod packed;
mod ragged;
mod reads;
mod role;
pub(crate) mod runtime;
mod set_once;
mod shard;
mod table;
mod whole;

pub use arithmetic::{Plus, Times};
pub(crate) use counted::{Count, Counted};
pub use equal::{Equal, SameSize, SizeCompared};
pub use even::Even;
#[doc(hidden)]
pub use even::EvenNumber;
#[doc(hidden)]
pub use factors::{End, Factor, Named, Numeral};
pub use generativity::{Guard, Id};
#[doc(hidden)]
pub use given::GivenDim;
#[doc(hidden)]
pub use limit::{Countable, countable};
pub use next::{HasNext, Next};
pub use number::{N, numbers};
pub use packed::Packed;
pub use ragged::Ragged;
pub use reads::{Averaged, Compared, Multiplied, PaddedAtEnd, Picked, Scanned, Summed, Windowed};
pub use role::{Candidates, Keys};
#[doc(hidden)]
pub use runtime::bind;
pub use runtime::{Branded, NoSizeYet, RuntimeDim, Unnamed};
pub use set_once::{SetOnce, Token};
pub use shard::{Shard, Sharded};
#[doc(hidden)]
pub use table::TablePart;
pub use table::{Table, Vocabulary};
pub use whole::Whole;

use crate::mesh_axes::MeshAxes;
use generic_array::ArrayLength;
use std::fmt::{self, Debug, Display, Formatter};
use std::marker::PhantomData;
use typenum::Unsigned;

/// A dimension: a type that names it and a value that knows its size.
///
/// Two dimensions are the same when their types are. Sizes do not make them the same: see
/// [`SameSize`] and [`Equal`] for the way from one name to another.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Heads = 12; HeadDim = 32; }
/// assert_eq!(Heads.size(), 12);
/// assert_eq!(Times(Heads, HeadDim).size(), 384);
/// ```
///
/// `dims!` implements it, and the other traits of a dimension, in any crate.
///
/// # Safety
/// All values of the type give one size, each time that they are asked. Tensors whose types are the same are taken to have
/// the same sizes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a dimension",
    label = "not a dimension",
    note = "declare one: `dims! {{ pub Embed = 384; pub Seq; }}`; a number is `N<8>`, or `U8` of `congruent::dim::numbers`",
    note = "a dimension that was declared without a size gets one by `bind!(seq: Seq = 5)`, and is `seq` from then on; a `once` dimension by `let width = Width::set(768)?`",
    note = "explained in `congruent::errors::C02`: https://docs.rs/congruent/latest/congruent/errors/C02/"
)]
pub unsafe trait Dim: Copy + Debug + Send + Sync {
    /// The number of positions along this dimension. A size beyond `usize` counts as `usize::MAX`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Seq; Heads = 3; HeadDim = 4; }
    /// bind!(seq: Seq = 5);
    /// assert_eq!((seq.size(), Times(Heads, HeadDim).size()), (5, 12));
    /// ```
    fn size(self) -> usize;

    /// Writes the name, as in a type.
    #[doc(hidden)]
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result;

    /// Whether other ranks may have other positions.
    #[doc(hidden)]
    const IS_SHARDED: bool = false;

    /// The axes of the mesh along which other ranks have other positions.
    #[doc(hidden)]
    fn mesh_axes(self) -> MeshAxes {
        MeshAxes::NONE
    }

    /// The number of positions that all ranks have together.
    #[doc(hidden)]
    fn whole_size(self) -> usize {
        self.size()
    }

    /// Where a position stands among those of all ranks.
    #[doc(hidden)]
    fn whole_position(self, position: usize) -> usize {
        position
    }
}

/// A dimension whose size is part of its type.
///
/// # Safety
/// `Number` is the size of every value; where it is beyond `usize`, the size is `usize::MAX`.
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is not known at compile time",
    label = "needs a static dimension",
    note = "a static dimension is declared with its size: `dims! {{ pub Heads = 12; }}`",
    note = "explained in `congruent::errors::C04`: https://docs.rs/congruent/latest/congruent/errors/C04/"
)]
pub unsafe trait StaticDim: Dim + Default + Normal<Size = Self::Number> {
    /// The size as a typenum number.
    type Number: Unsigned;
    /// The size. A size beyond `usize` counts as `usize::MAX`.
    const SIZE: usize = saturated(<Self::Number as Unsigned>::U64);
}

/// A number of 64 bits as a size.
const fn saturated(number: u64) -> usize {
    if number > usize::MAX as u64 { usize::MAX } else { number as usize }
}

/// A static dimension with one place for each position in an array: every static dimension.
///
/// It is apart from [`StaticDim`] because the compiler needs milliseconds for it, and few dimensions are
/// ever the length of a list.
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is not known at compile time",
    label = "needs a static dimension",
    note = "a static dimension is declared with its size: `dims! {{ pub Heads = 12; }}`",
    note = "of a list whose length only run time knows: `Tensor::try_stack(seq, &parts)?`; one position of an axis is `x.at(seq, 0)?`",
    note = "explained in `congruent::errors::C04`: https://docs.rs/congruent/latest/congruent/errors/C04/"
)]
pub trait ArrayDim: StaticDim<Number: ArrayLength> {}
#[diagnostic::do_not_recommend]
impl<D: StaticDim<Number: ArrayLength>> ArrayDim for D {}

/// A dimension without padding: every position along it holds data.
///
/// Every operation that reads across an axis, so that positions are mixed or one of them is taken for data, asks for it: sums,
/// products, softmax, layers along their features. Each asks by the name of what it does ([`Summed`], [`Averaged`], [`Compared`],
/// [`Picked`]), so that its message has the remedy that is right for it; all of these hold for a dense dimension. [`Ragged`], and
/// what is made of it by [`Times`] and [`Plus`], is not dense.
///
/// # Safety
/// No position of the dimension is padding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be a dimension without padding",
    label = "expected a dimension whose positions all hold data",
    note = "take it with its lengths (`masked_mean`, `masked_last`, `attention` with `Lengths`; of a cache `step_ragged`), or say what the padding becomes: `x.fill_padding(&lengths, value)`",
    note = "layers work on features, which are last: `x.permute((..))`",
    note = "in generic code, ask for a dimension without padding: `S: Dense`; a number is no dimension, and stands in types as `N<8>`",
    note = "explained in `congruent::errors::C06`: https://docs.rs/congruent/latest/congruent/errors/C06/"
)]
pub unsafe trait Dense: Whole + Filled {}

/// A dimension none of whose positions is padding, though this rank may have a part of them alone: a [`Dense`] one, or a
/// [`Shard`] of one.
///
/// # Safety
/// No position of the dimension is padding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to be a dimension without padding",
    label = "expected a dimension whose positions all hold data",
    note = "in generic code, ask for a dimension without padding: `S: Dense`",
    note = "explained in `congruent::errors::C06`: https://docs.rs/congruent/latest/congruent/errors/C06/"
)]
pub unsafe trait Filled: Dim {}

/// A dimension in its normal form: what decides whether two are of one size.
///
/// The form of a static dimension is its typenum number; that of a run-time dimension is itself.
///
/// # Safety
/// Dimensions whose forms are one type are of one size, and either both dense or both not. The factors are those of the
/// dimension's size, the outermost first.
#[diagnostic::on_unimplemented(
    message = "the compiler cannot calculate the size of `{Self}`",
    label = "its size is not known at compile time",
    note = "compare sizes that only run time knows by `Equal::check`",
    note = "`N<..>` counts up to 1024 and in powers of two; declare other numbers: `dims! {{ pub Width = 1500; }}`",
    note = "explained in `congruent::errors::C05`: https://docs.rs/congruent/latest/congruent/errors/C05/"
)]
pub unsafe trait Normal: Dim {
    /// The normal form.
    type Size;
    /// What it is the product of, each factor with what is inside of it, and then `Inside`.
    #[doc(hidden)]
    type Factors<Inside>;
}

/// What no dimension and no shape is.
///
/// Each relation holds with it too, and with [`Nothing`]. Without that the compiler would take the only
/// type that fits for granted, and report a mismatch of types where the relation has more to say.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Never {}

/// See [`Never`].
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Nothing {}

/// Implemented by nothing: an impl for whatever is `Impossible` is one that the compiler reckons with, and never takes.
pub(crate) trait Impossible {
    fn never(&self) -> Never;
}

/// Shows the name of a dimension.
pub(crate) struct Name<D>(PhantomData<fn() -> D>);

impl<D> Name<D> {
    pub(crate) fn new() -> Self {
        Name(PhantomData)
    }
}

impl<D: Dim> Display for Name<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        D::write_name(f)
    }
}
