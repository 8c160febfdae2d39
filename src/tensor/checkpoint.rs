//! Blocks that are calculated again in the backward pass.

use super::Tensor;
use crate::backend::Autodiff;
use crate::shape::Shape;

/// What `block` gives for `x`, with nothing kept for gradients but `x`: the block is calculated once more in the backward pass
/// ([Chen et al. 2016](https://arxiv.org/abs/1604.06174)).
///
/// With a block for each layer, training keeps the input of each layer and what is recorded of one, in place of what is
/// recorded of all. Gradients are the same to the last bit, with respect to `x` and to what the block holds. Blocks may
/// contain others.
///
/// ```
/// use congruent::prelude::*;
/// use congruent::{checkpoint, nn::Linear};
/// use std::sync::Arc;
/// dims! { Batch = 2; Embed = 3; Hidden = 5; }
/// let x = Tensor::ones((Batch, Embed)).tracked();
/// let Linear { weight, bias } = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let layer = Arc::new(Linear { weight: weight.tracked(), bias });
/// let of_block = layer.clone();
/// let y: Tensor<(Batch, Hidden)> = checkpoint(&x, move |x| of_block.forward(x).gelu());
/// let gradients = y.sum(Hidden).sum(Batch).backward();
/// let without = layer.forward(&x).gelu().sum(Hidden).sum(Batch).backward();
/// assert_eq!(gradients.of(&layer.weight).to_vec(), without.of(&layer.weight).to_vec());
/// assert_eq!(gradients.of(&x).to_vec(), without.of(&x).to_vec());
/// ```
///
/// The block gives the same whenever it is called: it clones the [`Rng`](crate::Rng) of a
/// [`Dropout`](crate::nn::Dropout), and advances its own. It holds what it needs, parameters by a clone, which copies no
/// elements. It outlives every scope, so that the shape of `x` and all that it holds are of dimensions that are static or
/// set once: not of one that [`bind!`](crate::bind) binds.
pub fn checkpoint<S, R, B>(
    x: &Tensor<S, B>,
    block: impl Fn(&Tensor<S, B>) -> Tensor<R, B> + Send + Sync + 'static,
) -> Tensor<R, B>
where
    S: Shape + 'static,
    R: Shape,
    B: Autodiff,
{
    let shape = x.shape;
    let (array, shape) = B::checkpoint(x.array.clone(), move |array| {
        let y = block(&Tensor::from_parts(shape, array));
        (y.array, y.shape)
    });
    Tensor::from_parts(shape, array)
}
