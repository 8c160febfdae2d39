//! What is given as the shape of a new tensor.

use super::{Never, Shape};
use crate::dim::Impossible;
use crate::sealed::Sealed;

/// That a value is the shape `S`, when a tensor is made of it.
///
/// `S` is a parameter of its own, which stays open where the value is no shape: the compiler reports that, and nothing of
/// what is done with the tensor. Where a type says what `S` is, that it is no shape either is not asked for again.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape",
    label = "not a tuple of dimensions that have a size",
    note = "`NoSizeYet<Seq>` is the name of a dimension without a size: `bind!(seq: Seq = 5)` gives it one, and from then on the variable `seq` is the dimension, as in `x.mean(seq)`; of a `once` dimension, `let width = Width::set(768)?`",
    note = "a shape is a tuple of dimensions, `(Batch, Embed)`, or of one `(Embed,)`; a number is `N::<8>`, or declared with a name: `dims! {{ pub Embed = 384; }}`",
    note = "explained in `congruent::errors::C09`: https://docs.rs/congruent/latest/congruent/errors/C09/"
)]
pub trait Given<S> {
    /// `S` itself.
    type Shape: Shape;
    /// The same value.
    fn shape(&self) -> Self::Shape;
    /// The same value.
    fn given(self) -> S;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

#[diagnostic::do_not_recommend]
impl<S: Shape> Given<S> for S {
    type Shape = S;
    fn shape(&self) -> S {
        *self
    }
    fn given(self) -> S {
        self
    }
    fn sealed(_: Sealed) {}
}

// What could be meant too, and never is: else the compiler would take any value for its own shape, and go on with it.
#[diagnostic::do_not_recommend]
impl<X: Impossible> Given<Never> for X {
    type Shape = ();
    fn shape(&self) {}
    fn given(self) -> Never {
        self.never()
    }
    fn sealed(_: Sealed) {}
}
