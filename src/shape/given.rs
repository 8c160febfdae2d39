//! What is given as the shape of a new tensor.

use super::{Never, Shape};

/// That a value is the shape `S`, when a tensor is made of it.
///
/// `S` is a parameter of its own, which stays open where the value is no shape: the compiler reports that, and nothing of
/// what is done with the tensor.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape",
    label = "not a tuple of dimensions that have a size",
    note = "`NoSizeYet<Seq>` is the name of a dimension without a size: `bind!(seq: Seq = 5)` gives it one, and from then on the variable `seq` is the dimension, as in `x.mean(seq)`; of a `once` dimension, `let width = Width::set(768)?`",
    note = "a shape is a tuple of dimensions, `(Batch, Embed)`, or of one `(Embed,)`; a number is `N::<8>`, or declared with a name: `dims! {{ pub Embed = 384; }}`",
    note = "explained in `congruent::errors::C09`"
)]
pub trait Given<S> {
    /// The same value.
    fn given(self) -> S;
}

#[diagnostic::do_not_recommend]
impl<S: Shape> Given<S> for S {
    fn given(self) -> S {
        self
    }
}

// What could be meant too, and never is: else the compiler would take any value for its own shape, and go on with it.
#[diagnostic::do_not_recommend]
impl<X: Impossible> Given<Never> for X {
    fn given(self) -> Never {
        self.never()
    }
}

/// Implemented by nothing.
trait Impossible {
    fn never(&self) -> Never;
}
