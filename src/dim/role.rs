//! A dimension that stands twice in a shape, each time with its own role.

use super::{Dense, Dim, Filled, Name, Normal, RuntimeDim, Whole};
use crate::mesh_axes::MeshAxes;
use generativity::Guard;
use std::fmt::{self, Formatter};

macro_rules! roles { ($($(#[$docs:meta])* $Role:ident)*) => {$(
    $(#[$docs])*
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct $Role<D>(pub D);

    #[diagnostic::do_not_recommend]
    // SAFETY: the size of `D`.
    unsafe impl<D: Dim> Dim for $Role<D> {
        lies_as_inner!();
        fn size(self) -> usize {
            self.0.size()
        }
        fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
            write!(f, concat!(stringify!($Role), "<{}>"), Name::<D>::new())
        }
    }
    #[diagnostic::do_not_recommend]
    // SAFETY: the positions of `D`.
    unsafe impl<D: Whole> Whole for $Role<D> {}
    #[diagnostic::do_not_recommend]
    // SAFETY: the positions of `D`.
    unsafe impl<D: Filled> Filled for $Role<D> {}
    #[diagnostic::do_not_recommend]
    // SAFETY: the positions of `D`.
    unsafe impl<D: Dense> Dense for $Role<D> {}
    #[diagnostic::do_not_recommend]
    // SAFETY: the form of `D`.
    unsafe impl<D: Normal> Normal for $Role<D> {
        type Size = D::Size;
        type Factors<Inside> = D::Factors<Inside>;
    }
    #[diagnostic::do_not_recommend]
    // SAFETY: the dimension that `D` binds.
    unsafe impl<D: RuntimeDim> RuntimeDim for $Role<D> {
        type At<'id, Variable> = $Role<D::At<'id, Variable>>;
        fn bind<'id, Variable>(size: usize, guard: Guard<'id>) -> Self::At<'id, Variable> {
            $Role(D::bind(size, guard))
        }
    }
)*} }

roles! {
    /// The positions `D` as those that are attended to: it keeps the two axes of self-attention apart.
    ///
    /// Keys and values get it before the scores are calculated by hand; nothing is then reduced along the wrong one of two axes.
    ///
    /// ```
    /// use congruent::dim::Keys;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 4; }
    /// let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let [k, v] = [&q, &q].map(|x| x.relabel(Seq, Keys(Seq)));
    /// let scores: Tensor<(Batch, Heads, Seq, Keys<Seq>)> = einsum!("b h i d, b h j d -> b h i j", q, k);
    /// let weights = scores.softmax(Keys(Seq));
    /// let y: Tensor<(Batch, Heads, Seq, HeadDim)> = einsum!("b h i j, b h j d -> b h i d", weights, v);
    /// ```
    Keys

    /// The batch `D` as those that each of its members is held against: what
    /// [`similarities`](crate::nn::similarities) gives is `(D, Candidates<D>)`, and no axis of it is mistaken for the other.
    ///
    /// ```compile_fail,E0277
    /// use congruent::{dim::Candidates, nn::similarities, prelude::*};
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::ones((Batch, Embed));
    /// let similarities = similarities(&x, &x);
    /// // The largest of each row, subtracted along the columns.
    /// let stable = &similarities - similarities.max(Candidates(Batch));
    /// ```
    Candidates
}
