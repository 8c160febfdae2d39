//! Dimensions with padding.

use super::{Dim, Name, Normal, RuntimeDim, Whole};
use crate::mesh_axes::MeshAxes;
use generativity::Guard;
use std::fmt::{self, Formatter};

/// The dimension `D`, of which each sequence of a batch fills only the first part: the rest is padding.
///
/// It is not [`Dense`](super::Dense), and neither is what is made of it by `Times` and `Plus`: what reads across it does not
/// compile without the lengths, whether it is a sum, a softmax, a product, a layer along it, or a position that is taken. See
/// [`Lengths`](crate::mask::Lengths). Operations on each position by itself leave padding what it is, and say nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ragged<D>(pub D);

#[diagnostic::do_not_recommend]
// SAFETY: the size of `D`.
unsafe impl<D: Dim> Dim for Ragged<D> {
    lies_as_inner!();
    fn size(self) -> usize {
        self.0.size()
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Ragged<{}>", Name::<D>::new())
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: the positions of `D`.
unsafe impl<D: Whole> Whole for Ragged<D> {}

#[diagnostic::do_not_recommend]
// SAFETY: the form of `D`, of a dimension that is not dense.
unsafe impl<D: Normal> Normal for Ragged<D> {
    // Never the form of a dense dimension: a relabelling must not lose the padding.
    type Size = Ragged<D::Size>;
    type Factors<Inside> = D::Factors<Inside>;
}

#[diagnostic::do_not_recommend]
// SAFETY: the dimension that `D` binds.
unsafe impl<D: RuntimeDim> RuntimeDim for Ragged<D> {
    type At<'id, Variable> = Ragged<D::At<'id, Variable>>;
    fn bind<'id, Variable>(size: usize, guard: Guard<'id>) -> Self::At<'id, Variable> {
        Ragged(D::bind(size, guard))
    }
}
