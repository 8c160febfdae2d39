//! Low-rank adapters of weights.

use super::Linear;
use crate::backend::{Backend, Binary, Epilogue, Float, constant, no_grad};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Summed, Whole};
use crate::io::{Stored, Weights};
use crate::shape::{Last, SameShape, Shape};
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// What is added to a weight `(Out, In)`: `scale · up · down`, a matrix of rank `R` at most, whose two factors are trained while the
/// weight is frozen ([Hu et al. 2021](https://arxiv.org/abs/2106.09685)).
///
/// The weight may be that of any layer: of a linear one, of a projection of attention, of a table. Its dimensions are those of the
/// adapter, so that an adapter of another weight does not compile.
///
/// ```
/// use congruent::nn::{LowRank, MultiHeadAttention};
/// use congruent::optim::{AdamW, Optimizer};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 3; Embed = 8; Heads = 2; HeadDim = 4; Rank = 2; }
///
/// let rng = &mut Rng::with_seed(1);
/// let mut layer = MultiHeadAttention::random(Embed, Heads, HeadDim, rng);
/// let mut query = LowRank::random(Times(Heads, HeadDim), Embed, Rank, 4.0, rng);
/// query.track();
///
/// // A layer with the weight that is the sum: what is calculated of it has gradients of the adapter.
/// let mut adapted = layer.clone();
/// adapted.query.weight = query.added_to(&layer.query.weight);
/// let x = Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, rng);
/// let loss = adapted.forward(&x, &Full).square().mean(Embed).mean(Seq).mean(Batch);
/// Optimizer::new(AdamW::default()).step(&mut query, &loss.backward(), 1.0);
///
/// // For inference, it becomes a part of the weight, and may be taken out again.
/// query.merge_into(&mut layer.query.weight);
/// query.take_out_of(&mut layer.query.weight);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("LoRA", "lora", "peft"))]
pub struct LowRank<Out, In, R, B: Backend = Cpu<f32>> {
    /// From the input to the rank.
    pub down: Tensor<(R, In), B>,
    /// From the rank to the output.
    pub up: Tensor<(Out, R), B>,
    /// The factor of their product: in the paper `alpha / R`.
    pub scale: f64,
}

impl<Out: Dim, In: Dim, R: Dense, B: Backend<Elem: Float>> LowRank<Out, In, R, B> {
    /// What is added to the weight.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LowRank;
    /// dims! { Embed = 2; Hidden = 3; Rank = 2; }
    /// let adapter = LowRank { down: Tensor::ones((Rank, Embed)), up: Tensor::ones((Hidden, Rank)), scale: 0.5 };
    /// assert_eq!(adapter.weight().to_vec(), [1.0; 6]);
    /// ```
    pub fn weight(&self) -> Tensor<(Out, In), B> {
        let product = B::matmul(self.up.array(), self.down.array());
        let (output, _) = self.up.shape();
        let (_, input) = self.down.shape();
        Tensor::from_parts((output, input), B::binary_scalar(Binary::Mul, product, constant(self.scale)))
    }

    /// The weight with the adapter.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LowRank;
    /// dims! { Embed = 2; Hidden = 3; Rank = 2; }
    /// let adapter = LowRank { down: Tensor::ones((Rank, Embed)), up: Tensor::ones((Hidden, Rank)), scale: 0.5 };
    /// assert_eq!(adapter.added_to(&Tensor::full((Hidden, Embed), 4.0)).to_vec(), [5.0; 6]);
    /// ```
    pub fn added_to<S>(&self, weight: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Shape + SameShape<(Out, In)>,
    {
        Tensor::from_parts(weight.shape(), B::binary(Binary::Add, weight.array().clone(), self.weight().into_array()))
    }

    /// Makes the adapter a part of the weight. Gradients go to neither by it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LowRank;
    /// dims! { Embed = 2; Hidden = 3; Rank = 2; }
    /// let adapter = LowRank { down: Tensor::ones((Rank, Embed)), up: Tensor::ones((Hidden, Rank)), scale: 0.5 };
    /// let mut weight = Tensor::full((Hidden, Embed), 4.0);
    /// adapter.merge_into(&mut weight);
    /// assert_eq!(weight.to_vec(), [5.0; 6]);
    /// ```
    pub fn merge_into<S: Shape + SameShape<(Out, In)>>(&self, weight: &mut Tensor<S, B>) {
        self.merge(weight, Binary::Add);
    }

    /// Takes it out again. What was rounded in between stays: keep a clone of the weight to have the same bits.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LowRank;
    /// dims! { Embed = 2; Hidden = 3; Rank = 2; }
    /// let adapter = LowRank { down: Tensor::ones((Rank, Embed)), up: Tensor::ones((Hidden, Rank)), scale: 0.5 };
    /// let mut weight = Tensor::full((Hidden, Embed), 5.0);
    /// adapter.take_out_of(&mut weight);
    /// assert_eq!(weight.to_vec(), [4.0; 6]);
    /// ```
    pub fn take_out_of<S: Shape + SameShape<(Out, In)>>(&self, weight: &mut Tensor<S, B>) {
        self.merge(weight, Binary::Sub);
    }

    fn merge<S: Shape>(&self, weight: &mut Tensor<S, B>, op: Binary) {
        let own = weight.array().clone();
        let merged = no_grad(|| B::binary(op, B::detach(own.clone()), B::detach(self.weight().into_array())));
        *weight = Tensor::from_parts(weight.shape(), B::tracked_like(merged, &own));
    }

    /// What the adapter adds to the result of a linear layer: less to calculate than its [weight](Self::weight), where there are few
    /// rows.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LowRank;
    /// dims! { Batch = 1; Embed = 2; Hidden = 3; Rank = 2; }
    /// let adapter = LowRank { down: Tensor::ones((Rank, Embed)), up: Tensor::ones((Hidden, Rank)), scale: 0.5 };
    /// assert_eq!(adapter.forward(&Tensor::ones((Batch, Embed))).to_vec(), [2.0; 3]);
    /// ```
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<<S as Last<In>>::With<Out>, B>
    where
        S: Last<In>,
        In: Whole + Summed,
    {
        let narrow = B::linear(x.array(), self.down.array(), Epilogue::default());
        let narrow = B::binary_scalar(Binary::Mul, narrow, constant(self.scale));
        let y = B::linear(&narrow, self.up.array(), Epilogue::default());
        Tensor::from_parts(x.shape().with_last(self.up.shape().0), y)
    }
}

impl<Out: Dim, In: Dim, R: Dim> LowRank<Out, In, R> {
    /// A new adapter, which adds nothing yet: uniform numbers within `1 / √In` below, as PEFT begins, and zeros above. Its scale is
    /// `alpha / R`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::LowRank;
    /// dims! { Embed = 8; Hidden = 6; Rank = 2; }
    /// let adapter = LowRank::random(Hidden, Embed, Rank, 4.0, &mut Rng::with_seed(1));
    /// assert_eq!(adapter.scale, 2.0);
    /// assert_eq!(adapter.weight().to_vec(), [0.0; 48]);
    /// ```
    pub fn random(output: Out, input: In, rank: R, alpha: f64, rng: &mut Rng) -> Self {
        let bound = (input.whole_size().max(1) as f64).sqrt().recip();
        LowRank {
            down: Tensor::uniform((rank, input), -bound..bound, rng),
            up: Tensor::zeros((output, rank)),
            scale: alpha / rank.size().max(1) as f64,
        }
    }
}

impl<Out: Dim, In: Dim, R: Dim, B: Backend<Elem: Stored>> LowRank<Out, In, R, B> {
    /// Takes `lora_A.weight` and `lora_B.weight`, by the names of PEFT.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::LowRank};
    /// dims! { Embed = 2; Hidden = 3; Rank = 1; }
    /// let mut writer = Writer::default();
    /// writer.add("query.lora_A.weight", &Tensor::ones((Rank, Embed)));
    /// writer.add("query.lora_B.weight", &Tensor::ones((Hidden, Rank)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let adapter = load(&file, |weights: Weights<f32>| LowRank::load(&weights.at("query"), Hidden, Embed, Rank, 2.0))?;
    /// assert_eq!(adapter.weight().to_vec(), [2.0; 6]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(
        weights: &Weights<'_, B::Elem, impl SameBackend<B>>,
        output: Out,
        input: In,
        rank: R,
        alpha: f64,
    ) -> Self {
        weights.check("alpha", alpha, "a finite number", f64::is_finite);
        LowRank {
            down: weights.tensor("lora_A.weight", (rank, input)).same(),
            up: weights.tensor("lora_B.weight", (output, rank)).same(),
            scale: alpha / rank.size().max(1) as f64,
        }
    }
}

/// A linear layer beside which an adapter is trained. A drop-in for the layer: `forward` has the same types.
///
/// ```
/// use congruent::nn::{AdaptedLinear, Linear, LowRank};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 8; Hidden = 6; Rank = 2; }
/// let rng = &mut Rng::with_seed(1);
/// let base = Linear::random(Embed, Hidden, rng);
/// let mut layer = AdaptedLinear { base, adapter: LowRank::random(Hidden, Embed, Rank, 4.0, rng) };
/// // What is trained.
/// layer.adapter.track();
/// let y: Tensor<(Batch, Hidden)> = layer.forward(&Tensor::ones((Batch, Embed)));
/// let merged: Linear<Embed, Hidden> = layer.merged();
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct AdaptedLinear<In, Out, R, B: Backend = Cpu<f32>> {
    /// The layer itself, which is mostly frozen.
    pub base: Linear<In, Out, B>,
    /// What is added to its weight.
    pub adapter: LowRank<Out, In, R, B>,
}

impl<In: Dim, Out: Dim, R: Dense, B: Backend<Elem: Float>> AdaptedLinear<In, Out, R, B> {
    /// The layer on the last dimension of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AdaptedLinear, Linear, LowRank};
    /// dims! { Batch = 1; Embed = 2; Hidden = 3; Rank = 1; }
    /// let base = Linear { weight: Tensor::ones((Hidden, Embed)), bias: None };
    /// let adapter = LowRank { down: Tensor::ones((Rank, Embed)), up: Tensor::ones((Hidden, Rank)), scale: 0.5 };
    /// let y = AdaptedLinear { base, adapter }.forward(&Tensor::ones((Batch, Embed)));
    /// assert_eq!(y.to_vec(), [3.0; 3]);
    /// ```
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<<S as Last<In>>::With<Out>, B>
    where
        S: Last<In>,
        In: Whole + Summed,
    {
        let added = self.adapter.forward(x);
        self.base.apply(x, Epilogue::residual(added.array()))
    }

    /// One layer that does the same.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AdaptedLinear, Linear, LowRank};
    /// dims! { Embed = 2; Hidden = 3; Rank = 1; }
    /// let base = Linear { weight: Tensor::ones((Hidden, Embed)), bias: None };
    /// let adapter = LowRank { down: Tensor::ones((Rank, Embed)), up: Tensor::ones((Hidden, Rank)), scale: 0.5 };
    /// assert_eq!(AdaptedLinear { base, adapter }.merged().weight.to_vec(), [1.5; 6]);
    /// ```
    pub fn merged(&self) -> Linear<In, Out, B> {
        let mut layer = self.base.clone();
        self.adapter.merge_into(&mut layer.weight);
        layer
    }
}
