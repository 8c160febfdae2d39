//! Products and sums of dimensions: structure, so that they need no bounds.

use super::{Dense, Dim, Name, Normal, StaticDim};
use std::fmt::{self, Formatter};
use std::ops::{Add, Mul};
use typenum::{Prod, Sum, Unsigned};

/// The dimension that counts pairs: for each position of `A`, all of `B`.
///
/// Merged heads are `Times<Heads, HeadDim>`. It is not `Times<HeadDim, Heads>`, which has the same
/// size and another order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Times<A, B>(pub A, pub B);

/// The positions of `A`, and after them those of `B`.
///
/// The keys of a cached attention are `Plus<Past, New>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Plus<A, B>(pub A, pub B);

macro_rules! arithmetic {
    ($name:ident, $size:ident, $operation:ident, $output:ident) => {
        #[diagnostic::do_not_recommend]
        impl<A: Dim, B: Dim> Dim for $name<A, B> {
            fn size(self) -> usize {
                self.0.size().$size(self.1.size())
            }
            fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "<{}, {}>"), Name::<A>::new(), Name::<B>::new())
            }
        }
        #[diagnostic::do_not_recommend]
        impl<A: Dense, B: Dense> Dense for $name<A, B> {}
        #[diagnostic::do_not_recommend]
        impl<A: Normal<Size: $operation<B::Size>>, B: Normal> Normal for $name<A, B> {
            type Size = $output<A::Size, B::Size>;
        }
        #[diagnostic::do_not_recommend]
        impl<A: StaticDim<Number: $operation<B::Number>>, B: StaticDim> StaticDim for $name<A, B>
        where
            $output<A::Number, B::Number>: Unsigned,
        {
            type Number = $output<A::Number, B::Number>;
        }
    };
}

arithmetic!(Times, saturating_mul, Mul, Prod);
arithmetic!(Plus, saturating_add, Add, Sum);
