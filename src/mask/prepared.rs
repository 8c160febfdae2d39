//! A mask as an engine has it.

use super::{Combine, Covers, EndsWith, Mask, OnEngine, ReachedBy, Restrict};
use crate::backend::{Engine, MaskIn};
use crate::cpu::Processor;
use crate::dim::{Dim, Shard};
use crate::sealed::Sealed;
use std::marker::PhantomData;

/// A mask for queries `Q` and keys `K` of a batch `B`, told to an engine once for all layers of a model; and the same within a
/// window, for those that have one.
///
/// ```
/// use congruent::mask::PreparedMask;
/// use congruent::nn::attention_weights;
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 1; Seq = 3; HeadDim = 4; }
/// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let mask = PreparedMask::new(&Causal, &x.device());
/// let [global, local] = [mask.clone(), mask.within(1)];
/// assert_eq!(attention_weights(&x, &x, &global).to_vec()[3..6], [0.5, 0.5, 0.0]);
/// assert_eq!(attention_weights(&x, &x, &local).to_vec()[3..6], [0.0, 1.0, 0.0]);
/// # let _: &PreparedMask<Batch, Seq, Seq> = &local;
/// ```
pub struct PreparedMask<B, Q, K, En: Engine = Processor> {
    mask: MaskIn<En>,
    dims: PhantomData<fn() -> (B, Q, K)>,
}

impl<B, Q, K, En: Engine> PreparedMask<B, Q, K, En> {
    /// This mask, for tensors on this device.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mask::PreparedMask;
    /// use congruent::nn::attention_weights;
    /// dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 4; }
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let mask: PreparedMask<Batch, Seq, Seq> = PreparedMask::new(&Causal, &x.device());
    /// assert_eq!(attention_weights(&x, &x, &mask).to_vec(), [1.0, 0.0, 0.5, 0.5]);
    /// ```
    pub fn new(mask: &impl Mask<B, Q, K, En>, device: &En::Device) -> Self {
        PreparedMask { mask: mask.describe(device), dims: PhantomData }
    }

    /// The same mask, where a query attends to its own key and those right before it alone, so many in all: as together with a
    /// [`SlidingWindow`](super::SlidingWindow).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::mask::PreparedMask;
    /// use congruent::nn::attention_weights;
    /// dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 4; }
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let mask: PreparedMask<Batch, Seq, Seq> = PreparedMask::new(&Causal, &x.device()).within(1);
    /// assert_eq!(attention_weights(&x, &x, &mask).to_vec(), [1.0, 0.0, 0.0, 1.0]);
    /// ```
    pub fn within(mut self, window: usize) -> Self
    where
        Q: Dim,
        K: EndsWith<Q>,
    {
        self.mask.causal = true;
        self.mask.window = Some(self.mask.window.map_or(window, |other| other.min(window)));
        self
    }
}

impl<B, Q, K, En: Engine> Clone for PreparedMask<B, Q, K, En> {
    fn clone(&self) -> Self {
        PreparedMask { mask: self.mask.clone(), dims: PhantomData }
    }
}

impl<B, Q, K, En: Engine> Combine for PreparedMask<B, Q, K, En> {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<B, Q, K, En: Engine> Restrict<B, Q, K> for PreparedMask<B, Q, K, En> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
// The mask that it was made of covers what padding there is.
impl<B, Q, K, En: Engine> OnEngine<En> for PreparedMask<B, Q, K, En> {
    type Padding = Covers;
    fn described(&self, _: &En::Device) -> MaskIn<En> {
        self.mask.clone()
    }
    fn sealed(_: Sealed) {}
}
// And it reaches the keys of all ranks.
#[diagnostic::do_not_recommend]
impl<B, Q, K, En: Engine, D: Dim, M: Dim> ReachedBy<PreparedMask<B, Q, K, En>> for Shard<D, M> {
    fn sealed(_: Sealed) {}
}
