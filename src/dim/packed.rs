//! Dimensions that several texts share.

use super::{Dim, Name, Normal, RuntimeDim, Whole};
use crate::mesh_axes::MeshAxes;
use generativity::Guard;
use std::fmt::{self, Formatter};

/// The dimension `D`, in which each row of a batch holds several texts one after another, and padding behind the last.
///
/// It is not [`Dense`](super::Dense): what reads across it would mix the texts. Attention over it asks for the
/// [`Segments`](crate::mask::Segments), which say where each text begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Packed<D>(pub D);

#[diagnostic::do_not_recommend]
// SAFETY: the size of `D`.
unsafe impl<D: Dim> Dim for Packed<D> {
    lies_as_inner!();
    fn size(self) -> usize {
        self.0.size()
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Packed<{}>", Name::<D>::new())
    }
}

#[diagnostic::do_not_recommend]
// SAFETY: the positions of `D`.
unsafe impl<D: Whole> Whole for Packed<D> {}

#[diagnostic::do_not_recommend]
// SAFETY: the form of `D`, of a dimension that is not dense.
unsafe impl<D: Normal> Normal for Packed<D> {
    // Never the form of another dimension: a relabelling must not lose where texts end.
    type Size = Packed<D::Size>;
    type Factors<Inside> = D::Factors<Inside>;
}

#[diagnostic::do_not_recommend]
// SAFETY: the dimension that `D` binds.
unsafe impl<D: RuntimeDim> RuntimeDim for Packed<D> {
    type At<'id, Variable> = Packed<D::At<'id, Variable>>;
    fn bind<'id, Variable>(size: usize, guard: Guard<'id>) -> Self::At<'id, Variable> {
        Packed(D::bind(size, guard))
    }
}
