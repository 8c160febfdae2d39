//! Dimensions of which each rank holds a part.

use super::{Dim, Filled, Name, Normal, Times};
use crate::mesh_axes::{MeshAxes, MeshAxis};
use crate::sealed::Sealed;
use std::fmt::{self, Formatter};
use std::ops::Mul;
use typenum::Prod;

/// The part of `D` that this rank holds: as many positions on each rank along the mesh axis `M`, in the order of the ranks.
///
/// It is not [`Whole`](super::Whole): what reads across it, a sum, a softmax, a norm, a product over it, does not compile, since the other
/// ranks have the other parts. What treats its positions one by one is what it always was. A mesh makes it:
/// [`Mesh::shard`](crate::mesh::Mesh::shard).
#[derive(Clone, Copy, Debug)]
pub struct Shard<D, M> {
    whole: D,
    ranks: M,
    axis: MeshAxis,
    rank: usize,
}

impl<D: Dim, M: Dim> Shard<D, M> {
    /// The part of a rank, which is one of `ranks`. The size of `ranks` divides that of `whole`.
    pub(crate) fn new(whole: D, ranks: M, axis: MeshAxis, rank: usize) -> Self {
        let is_apart = !whole.mesh_axes().has(axis);
        assert!(is_apart, "`{}` is divided along `{}` already", Name::<D>::new(), Name::<M>::new());
        assert!(rank < ranks.size() && whole.size().is_multiple_of(ranks.size()), "a part of a shard for each rank");
        Shard { whole, ranks, axis, rank }
    }

    /// The dimension whose part this is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Model = 2; Hidden = 6; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     assert_eq!(mesh.shard(Hidden, Model).whole(), Hidden);
    /// });
    /// ```
    pub fn whole(self) -> D {
        self.whole
    }

    /// The mesh axis: its size is the number of parts.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Model = 2; Hidden = 6; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let hidden = mesh.shard(Hidden, Model);
    ///     assert_eq!((hidden.ranks().size(), hidden.size()), (2, 3));
    /// });
    /// ```
    pub fn ranks(self) -> M {
        self.ranks
    }

    /// Which of the parts this rank has.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mesh::{Mesh, in_threads};
    /// dims! { Model = 2; Hidden = 6; }
    /// let ranks = in_threads(2, |world| Mesh::new(world, (Model,)).unwrap().shard(Hidden, Model).rank());
    /// assert_eq!(ranks, [0, 1]);
    /// ```
    pub fn rank(self) -> usize {
        self.rank
    }

    pub(crate) fn axis(self) -> MeshAxis {
        self.axis
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: a quotient of two sizes that are each one number.
unsafe impl<D: Dim, M: Dim> Dim for Shard<D, M> {
    const IS_SHARDED: bool = true;
    fn size(self) -> usize {
        self.whole.size() / self.ranks.size()
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Shard<{}, {}>", Name::<D>::new(), Name::<M>::new())
    }
    fn mesh_axes(self) -> MeshAxes {
        self.whole.mesh_axes().and(self.axis.into())
    }
    fn whole_size(self) -> usize {
        self.whole.whole_size()
    }
    fn whole_position(self, position: usize) -> usize {
        self.whole.whole_position(self.rank * self.size() + position)
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: the form of `D` in a form of its own, with the mesh axis: so the quotients are equal if the sizes of `D` are.
unsafe impl<D: Normal, M: Dim> Normal for Shard<D, M> {
    type Size = Shard<D::Size, M>;
    // In the order of `D`, whose outermost factor is cut.
    type Factors<Inside> = D::Factors<Inside>;
}

/// The size of a part of `D`, for each position of which there are `Inner`: that of a part of both.
impl<D: Mul<Inner>, M, Inner> Mul<Inner> for Shard<D, M> {
    type Output = Shard<Prod<D, Inner>, M>;
    fn mul(self, _: Inner) -> Self::Output {
        unreachable!("sizes of types are not calculated")
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: positions of `D`. That they are not all is what `Whole` says.
unsafe impl<D: Filled, M: Dim> Filled for Shard<D, M> {}

/// A dimension of which each rank along a mesh axis has a part: [`Shard`], and what is a product with it as the outer factor.
#[diagnostic::on_unimplemented(
    message = "each rank has all of `{Self}`: no other one has a part of it",
    label = "expected a `Shard<_, _>`",
    note = "a sum of what is whole is `x.sum(axis)`, a product `x.matmul(&w)`, and needs no other rank",
    note = "explained in `congruent::errors::C111`: https://docs.rs/congruent/latest/congruent/errors/C111/"
)]
pub trait Sharded: Dim {
    /// The dimension whose parts the ranks have.
    type Whole: Dim;
    /// The mesh axis.
    type Ranks: Dim;
    #[doc(hidden)]
    fn split(self) -> (Self::Whole, MeshAxis);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Dim, M: Dim> Sharded for Shard<D, M> {
    type Whole = D;
    type Ranks = M;
    fn split(self) -> (D, MeshAxis) {
        (self.whole, self.axis)
    }
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<D: Sharded, Inner: Dim> Sharded for Times<D, Inner> {
    type Whole = Times<D::Whole, Inner>;
    type Ranks = D::Ranks;
    fn split(self) -> (Self::Whole, MeshAxis) {
        let (outer, axis) = self.0.split();
        (Times(outer, self.1), axis)
    }
    fn sealed(_: Sealed) {}
}
