//! Shapes that are the same.

use super::Shape;
use crate::dim::Dim;
use crate::sealed::Sealed;

/// That the shape is `Expected`: each element of one tensor belongs to the element at its place in another.
#[diagnostic::on_unimplemented(
    message = "expected a tensor of shape `{Expected}`, and this one is `{Self}`",
    label = "expected the shape `{Expected}`",
    note = "each element belongs to the one at its place in the other tensor, and nothing is repeated: reorder by `x.permute((..))`, rename by `x.relabel(from, to)`, repeat along a missing axis by `x.expand_as(&other, axis)`",
    note = "explained in `congruent::errors::C102`: https://docs.rs/congruent/latest/congruent/errors/C102/"
)]
pub trait SameShape<Expected> {
    /// The same value.
    #[doc(hidden)]
    fn same(self) -> Expected;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S: Shape> SameShape<S> for S {
    fn same(self) -> S {
        self
    }
    fn sealed(_: Sealed) {}
}

/// That the shape has two dimensions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not have two dimensions",
    label = "expected two dimensions: of tokens `(batch, sequence)`, of vectors `(batch, features)`",
    note = "one text, or one vector, gets a batch by `x.expand(Batch)`; two axes become one by `x.merge(Batch, Seq)`",
    note = "explained in `congruent::errors::C103`: https://docs.rs/congruent/latest/congruent/errors/C103/"
)]
pub trait Matrix: Shape {
    /// The first dimension.
    type Rows: Dim;
    /// The second one.
    type Columns: Dim;
    /// The dimensions, one by one.
    fn dims(self) -> (Self::Rows, Self::Columns);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<A: Dim, B: Dim> Matrix for (A, B) {
    type Rows = A;
    type Columns = B;
    fn dims(self) -> Self {
        self
    }
    fn sealed(_: Sealed) {}
}

/// That the shape has one dimension.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not have one dimension",
    label = "expected one dimension: of logits `(vocabulary,)`, of chosen sequences `(beams,)`",
    note = "of the logits of a batch, those of one position of one sequence are `logits.at(Batch, 0)?.at(Seq, last)?`",
    note = "explained in `congruent::errors::C108`: https://docs.rs/congruent/latest/congruent/errors/C108/"
)]
pub trait Vector: Shape {
    /// The dimension.
    type Elements: Dim;
    /// The dimension.
    fn dim(self) -> Self::Elements;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Dim> Vector for (D,) {
    type Elements = D;
    fn dim(self) -> D {
        self.0
    }
    fn sealed(_: Sealed) {}
}
