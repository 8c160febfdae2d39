//! What is given as a dimension.

use super::{Dim, Impossible, Never};

/// That a value is the dimension `D`, where one is given.
///
/// `D` is a parameter of its own, which stays open where the value is no dimension: the compiler reports that, and nothing of
/// what is done with the result.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a dimension",
    label = "not a dimension",
    note = "declare one: `dims! {{ pub Embed = 384; pub Seq; }}`; a number is `N::<8>`, or `U8` of `congruent::dim::numbers`",
    note = "`NoSizeYet<Seq>` is the name of a dimension without a size: `bind!(seq: Seq = 5)` gives it one, and from then on the variable `seq` is the dimension; of a `once` dimension, `let width = Width::set(768)?`",
    note = "explained in `congruent::errors::C02`: https://docs.rs/congruent/latest/congruent/errors/C02/"
)]
pub trait GivenDim<D> {
    /// The same value.
    fn given(self) -> D;
}

#[diagnostic::do_not_recommend]
impl<D: Dim> GivenDim<D> for D {
    fn given(self) -> D {
        self
    }
}

// What could be meant too, and never is: else the compiler would go on with any value.
#[diagnostic::do_not_recommend]
impl<X: Impossible> GivenDim<Never> for X {
    fn given(self) -> Never {
        self.never()
    }
}
