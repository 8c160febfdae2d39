//! Matrix products.

use super::{Never, Nothing, Shape};
use crate::dim::{Dim, N};
use crate::sealed::Sealed;

/// That a tensor of the shape can be multiplied by one of shape `Right`: `(.., M, K)` by
/// `(.., K, N)` of equal leading dimensions, or by a matrix `(K, N)`.
#[diagnostic::on_unimplemented(
    message = "cannot multiply `{Self}` by `{Right}`",
    label = "the last dimension of `{Self}` has to be the one before the last of `{Right}`, and what stands before these two has to be the same",
    note = "a product takes `(.., M, K)` and `(.., K, N)`; swap two axes by `x.transpose(a, b)`, or write the pattern: `einsum!(\"b h i d, b h j d -> b h i j\", q, k)`",
    note = "explained in `congruent::errors::C12`: https://docs.rs/congruent/latest/congruent/errors/C12/"
)]
pub trait MatMul<Right>: Shape {
    /// The dimension that is summed over.
    type Inner: Dim;
    /// The shape of the product.
    type Output: Shape;
    /// The dimension that is summed over.
    fn inner(self) -> Self::Inner;
    /// The shape of the product.
    fn product(self, right: Right) -> Self::Output;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape> MatMul<$Never> for S {
        type Inner = N<0>;
        type Output = S;
        fn inner(self) -> N<0> {
            N
        }
        fn product(self, right: $Never) -> S {
            match right {}
        }
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);

macro_rules! matmul { ($(($($Left:ident)*) ($($Right:ident)*);)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case, unused_variables)]
    impl<$($Left: Dim,)* M: Dim, K: Dim, N: Dim> MatMul<($($Right,)* K, N)> for ($($Left,)* M, K) {
        type Inner = K;
        type Output = ($($Left,)* M, N);
        fn inner(self) -> K {
            let ($($Left,)* _, k) = self;
            k
        }
        fn product(self, right: ($($Right,)* K, N)) -> Self::Output {
            let ($($Left,)* m, _) = self;
            let ($($Right,)* _, n) = right;
            ($($Left,)* m, n)
        }
        fn sealed(_: Sealed) {}
    }
)*} }
matmul! {
    () ();
    (A) ();
    (A) (A);
    (A B) ();
    (A B) (A B);
    (A B C) ();
    (A B C) (A B C);
    (A B C D) ();
    (A B C D) (A B C D);
}
