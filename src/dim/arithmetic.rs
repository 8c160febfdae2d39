//! Products and sums of dimensions: structure, so that they need no bounds.

use super::{Dense, Dim, Factor, Name, Named, Normal, StaticDim};
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
    ($name:ident, $size:ident, $operation:ident, $output:ident, |$A:ident, $B:ident, $Inside:ident| $Factors:ty) => {
        #[diagnostic::do_not_recommend]
        // SAFETY: what is calculated of sizes that are each one number is one number.
        unsafe impl<A: Dim, B: Dim> Dim for $name<A, B> {
            fn size(self) -> usize {
                self.0.size().$size(self.1.size())
            }
            fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "<{}, {}>"), Name::<A>::new(), Name::<B>::new())
            }
        }
        #[diagnostic::do_not_recommend]
        // SAFETY: the padding of a product or sum is that of its parts.
        unsafe impl<A: Dense, B: Dense> Dense for $name<A, B> {}
        #[diagnostic::do_not_recommend]
        // SAFETY: the number of the size; none but dense dimensions have numbers.
        unsafe impl<$A: Normal<Size: $operation<$B::Size>>, $B: Normal> Normal for $name<$A, $B> {
            type Size = $output<$A::Size, $B::Size>;
            type Factors<$Inside> = $Factors;
        }
        #[diagnostic::do_not_recommend]
        // SAFETY: the number of the size.
        unsafe impl<A: StaticDim<Number: $operation<B::Number>>, B: StaticDim> StaticDim for $name<A, B>
        where
            $output<A::Number, B::Number>: Unsigned,
        {
            type Number = $output<A::Number, B::Number>;
            const SIZE: usize = A::SIZE.$size(B::SIZE);
        }
    };
}

arithmetic!(Times, saturating_mul, Mul, Prod, |A, B, Inside| A::Factors<B::Factors<Inside>>);
arithmetic!(Plus, saturating_add, Add, Sum, |A, B, Inside| Factor<Named<Self>, Sum<A::Size, B::Size>, Inside>);
