//! Products and sums of dimensions: structure, so that they need no bounds.

use super::{Dense, Dim, Factor, Filled, Name, Named, Normal, StaticDim, Whole};
use crate::mesh_axes::MeshAxes;
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
    (
        $name:ident, $size:ident, $operation:ident, $output:ident,
        |$A:ident, $B:ident, $Inside:ident| $Factors:ty,
        |$a:ident, $b:ident, $position:ident| $whole_position:expr,
        |$one:ident, $other:ident| $mesh_axes:expr
    ) => {
        #[diagnostic::do_not_recommend]
        // SAFETY: what is calculated of sizes that are each one number is one number.
        unsafe impl<A: Dim, B: Dim> Dim for $name<A, B> {
            fn size(self) -> usize {
                self.0.size().$size(self.1.size())
            }
            fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "<{}, {}>"), Name::<A>::new(), Name::<B>::new())
            }
            const IS_SHARDED: bool = A::IS_SHARDED || B::IS_SHARDED;
            fn mesh_axes(self) -> MeshAxes {
                let ($one, $other) = (self.0.mesh_axes(), self.1.mesh_axes());
                $mesh_axes
            }
            fn whole_size(self) -> usize {
                self.0.whole_size().$size(self.1.whole_size())
            }
            fn whole_position(self, $position: usize) -> usize {
                let ($a, $b) = (self.0, self.1);
                $whole_position
            }
        }
        #[diagnostic::do_not_recommend]
        // SAFETY: the positions are those of the parts.
        unsafe impl<A: Whole, B: Whole> Whole for $name<A, B> {}
        #[diagnostic::do_not_recommend]
        // SAFETY: the padding of a product or sum is that of its parts.
        unsafe impl<A: Filled, B: Filled> Filled for $name<A, B> {}
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

arithmetic!(
    Times, saturating_mul, Mul, Prod,
    |A, B, Inside| A::Factors<B::Factors<Inside>>,
    |a, b, position| {
        a.whole_position(position / b.size()) * b.whole_size() + b.whole_position(position % b.size())
    },
    |one, other| one.and_apart(other, || Name::<Self>::new().to_string())
);
arithmetic!(
    Plus, saturating_add, Add, Sum,
    |A, B, Inside| Factor<Named<Self>, Sum<A::Size, B::Size>, Inside>,
    |a, b, position| match position.checked_sub(a.size()) {
        None => a.whole_position(position),
        Some(position) => a.whole_size() + b.whole_position(position),
    },
    |one, other| one.and(other)
);
