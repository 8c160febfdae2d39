//! What a layer of several parts asks of its dimensions.

use crate::sealed::Sealed;

/// That the dimensions of a layer fit: none that it sums over may hold padding, and its query heads share its key heads.
///
/// It holds of every layer for whose dimensions this is known: generic code asks for [`Dense`](crate::dim::Dense) ones,
/// and where queries are grouped for [`SharesHeads`](crate::shape::SharesHeads).
///
/// ```
/// use congruent::dim::Dense;
/// use congruent::nn::FeedForward;
/// use congruent::prelude::*;
/// fn twice<B: Dim, E: Dense, F: Dense>(layer: &FeedForward<E, F>, x: &Tensor<(B, E)>) -> Tensor<(B, E)> {
///     layer.forward(&layer.forward(x))
/// }
/// ```
pub trait WellFormed {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
