//! Attention with more than a mask.

use super::attention::default_scale;
use super::attention_bias::{Added, AddedOn, HeadSinks, NoBias, NoSinks, PairBias};
use super::attention_dropout::{DropoutOfWeights, DropsWeights, NoDropout};
use super::{Dropout, InTraining};
use crate::backend::composed::with_allowed;
use crate::backend::{self, ArrayOf, Backend, DeviceOf, Float, MaskOf, OptionsOf, With};
use crate::dim::{Summed, Whole};
use crate::mask::Mask;
use crate::shape::{Attends, Shape};
use crate::tensor::{SameBackend, Tensor};
use std::fmt::{self, Debug, Formatter};

/// What [`attention_with`] does beside a mask: a scale of its own, a soft cap, a bias for pairs of queries and keys, sinks, and
/// dropout of weights.
///
/// A score is `scale · q · k`, then `cap · tanh(score / cap)`, then `score + bias`. Of the scores of a query, and the sink of its
/// head, the softmax is taken; dropout is last.
///
/// ```
/// use congruent::nn::{AttentionOptions, Training, attention_with};
/// use congruent::mask::alibi;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 8; }
/// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let (bias, sinks) = (alibi(Heads, Seq, Seq), Tensor::zeros((Heads,)));
/// let options = AttentionOptions::new().bias(&bias).soft_cap(50.0).sinks(&sinks);
/// let y = attention_with(&x, &x, &x, &Causal, options);
///
/// let mut rng = Rng::with_seed(1);
/// let mut training = Training::new(&mut rng);
/// let y = attention_with(&x, &x, &x, &Causal, AttentionOptions::new().dropout(0.1, &mut training));
/// ```
#[must_use]
pub struct AttentionOptions<'a, P = NoBias, S = NoSinks, D = NoDropout> {
    scale: Option<f64>,
    soft_cap: Option<f64>,
    bias: &'a P,
    sinks: &'a S,
    dropout: D,
}

impl AttentionOptions<'_> {
    /// None: [`attention_with`] is [`attention`](super::attention).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AttentionOptions, attention_weights, attention_weights_with};
    /// dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 4; }
    /// let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let weights = attention_weights_with(&q, &q, &Causal, AttentionOptions::new());
    /// assert_eq!(weights.to_vec(), attention_weights(&q, &q, &Causal).to_vec());
    /// ```
    pub fn new() -> Self {
        AttentionOptions { scale: None, soft_cap: None, bias: &NoBias, sinks: &NoSinks, dropout: NoDropout }
    }
}

impl Default for AttentionOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, S, D: Debug> Debug for AttentionOptions<'_, P, S, D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttentionOptions")
            .field("scale", &self.scale)
            .field("soft_cap", &self.soft_cap)
            .field("dropout", &self.dropout)
            .finish_non_exhaustive()
    }
}

impl<'a, P, S, D> AttentionOptions<'a, P, S, D> {
    /// What products are multiplied by, in place of `1 / √D`: T5 has 1 ([Raffel et al. 2020](https://arxiv.org/abs/1910.10683)).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AttentionOptions, attention_weights_with};
    /// dims! { Batch = 1; Heads = 1; Queries = 1; Keys = 2; HeadDim = 1; }
    /// let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
    /// let k = Tensor::from_nested((Batch, Heads, Keys, HeadDim), [[[[1.0], [3.0]]]]);
    /// let weights = attention_weights_with(&q, &k, &Full, AttentionOptions::new().scale(0.0));
    /// assert_eq!(weights.to_vec(), [0.5, 0.5]);
    /// ```
    pub fn scale(self, scale: f64) -> Self {
        AttentionOptions { scale: Some(scale), ..self }
    }

    /// No score is farther from zero than this: a score `x` becomes `cap · tanh(x / cap)`, as in Gemma 2, whose cap is 50
    /// ([Gemma Team 2024](https://arxiv.org/abs/2408.00118), section 2).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AttentionOptions, attention_weights_with};
    /// dims! { Batch = 1; Heads = 1; Queries = 1; Keys = 2; HeadDim = 1; }
    /// let q = Tensor::ones((Batch, Heads, Queries, HeadDim));
    /// let k = Tensor::from_nested((Batch, Heads, Keys, HeadDim), [[[[100.0], [0.0]]]]);
    /// let weights = attention_weights_with(&q, &k, &Full, AttentionOptions::new().soft_cap(1.0));
    /// // A score of 1 beside one of 0, not of 100.
    /// assert_eq!(format!("{:.4?}", weights.to_vec()), "[0.7311, 0.2689]");
    /// ```
    ///
    /// # Panics
    /// The cap is not a number above zero.
    #[track_caller]
    pub fn soft_cap(self, cap: f64) -> Self {
        assert!(cap > 0.0 && cap.is_finite(), "a soft cap is a number above zero, and not {cap}");
        AttentionOptions { soft_cap: Some(cap), ..self }
    }

    /// What is added to the score of each pair of query and key: `(B, H, Q, K)`; `(H, Q, K)` or `(Q, K)`, for every sequence;
    /// or `(B, Q, K)`, for every head. Or, as a mask for each head, [`Allowed`](crate::Allowed) of any of these.
    ///
    /// Minus infinity is a mask too: a query whose keys all have it gives zeros.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AttentionOptions, attention_weights_with};
    /// dims! { Batch = 1; Heads = 1; Queries = 1; Keys = 2; HeadDim = 4; }
    /// let (q, k) = (Tensor::ones((Batch, Heads, Queries, HeadDim)), Tensor::ones((Batch, Heads, Keys, HeadDim)));
    /// let bias = Tensor::from_nested((Queries, Keys), [[0.0, f32::NEG_INFINITY]]);
    /// let weights = attention_weights_with(&q, &k, &Full, AttentionOptions::new().bias(&bias));
    /// assert_eq!(weights.to_vec(), [1.0, 0.0]);
    /// ```
    pub fn bias<R>(self, bias: &'a R) -> AttentionOptions<'a, R, S, D> {
        let AttentionOptions { scale, soft_cap, bias: _, sinks, dropout } = self;
        AttentionOptions { scale, soft_cap, bias, sinks, dropout }
    }

    /// A learned score for each head of the queries, `(H,)`, which takes part in the softmax as that of a key whose value is zero:
    /// so a query may attend to nothing. They are the sinks of gpt-oss
    /// ([OpenAI 2025](https://arxiv.org/abs/2508.10925), section 2.2); without them, models make a sink of their first token
    /// ([Xiao et al. 2023](https://arxiv.org/abs/2309.17453)).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AttentionOptions, attention_weights_with};
    /// dims! { Batch = 1; Heads = 1; Queries = 1; Keys = 3; HeadDim = 4; }
    /// let (q, k) = (Tensor::zeros((Batch, Heads, Queries, HeadDim)), Tensor::ones((Batch, Heads, Keys, HeadDim)));
    /// let sinks = Tensor::zeros((Heads,));
    /// let weights = attention_weights_with(&q, &k, &Full, AttentionOptions::new().sinks(&sinks));
    /// // The sink takes a quarter.
    /// assert_eq!(weights.to_vec(), [0.25; 3]);
    /// ```
    pub fn sinks<R>(self, sinks: &'a R) -> AttentionOptions<'a, P, R, D> {
        let AttentionOptions { scale, soft_cap, bias, sinks: _, dropout } = self;
        AttentionOptions { scale, soft_cap, bias, sinks, dropout }
    }

    /// Weights chosen at random become zero, each with the probability `rate`; the others are `1 / (1 - rate)` times as large. It is
    /// for training alone, as [`Dropout`] is. Each rank has all keys.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{AttentionOptions, Training, attention_weights_with};
    /// dims! { Batch = 1; Heads = 1; Queries = 1; Keys = 4; HeadDim = 4; }
    /// let (q, k) = (Tensor::zeros((Batch, Heads, Queries, HeadDim)), Tensor::ones((Batch, Heads, Keys, HeadDim)));
    /// let mut rng = Rng::with_seed(1);
    /// let mut training = Training::new(&mut rng);
    /// let weights = attention_weights_with(&q, &k, &Full, AttentionOptions::new().dropout(0.5, &mut training));
    /// assert!(weights.to_vec().iter().all(|&weight| weight == 0.0 || weight == 0.5));
    /// ```
    ///
    /// # Panics
    /// When it is used: the rate is not a number from 0 to 1.
    pub fn dropout(
        self,
        rate: f64,
        training: &'a mut impl InTraining,
    ) -> AttentionOptions<'a, P, S, DropoutOfWeights<'a>> {
        let AttentionOptions { scale, soft_cap, bias, sinks, dropout: _ } = self;
        AttentionOptions { scale, soft_cap, bias, sinks, dropout: DropoutOfWeights(Dropout { rate }, training.rng()) }
    }

    /// `f` with the mask and the options of a backend, for weights of these sizes.
    fn on<B: Backend<Elem: Float>, HeadsOrBatch, Weights: Shape, K>(
        self,
        weights: Weights,
        mask: MaskOf<B>,
        scale: f64,
        device: &DeviceOf<B>,
        f: impl FnOnce(&MaskOf<B>, OptionsOf<'_, B>) -> ArrayOf<B>,
    ) -> ArrayOf<B>
    where
        P: PairBias<Weights, HeadsOrBatch, Itself: AddedOn<B>>,
        S: HeadSinks<Weights, Itself: AddedOn<B>>,
        D: DropsWeights<K>,
    {
        let sizes = self.bias.sizes();
        let (bias, mask) = match self.bias.itself().added() {
            Added::Numbers(bias) => (Some(B::reshape(bias, &sizes)), mask),
            Added::Allowed(pairs) => (None, with_allowed::<B>(mask, With::<B, bool>::reshape(pairs, &sizes))),
            Added::Nothing => (None, mask),
        };
        let sinks = match self.sinks.itself().added() {
            Added::Numbers(sinks) => Some(sinks),
            _ => None,
        };
        let factors = self.dropout.factors::<_, B>(weights, device);
        let (scale, soft_cap) = (self.scale.unwrap_or(scale), self.soft_cap);
        let options =
            backend::AttentionOptions { scale, soft_cap, bias: bias.as_ref(), sinks, factors: factors.as_ref() };
        f(&mask, options)
    }
}

/// As [`attention`](super::attention), with what the options say.
///
/// ```
/// use congruent::nn::{AttentionOptions, attention_with};
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 2; Seq = 3; HeadDim = 4; }
/// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// // The sink of the first head is far below the scores, and that of the second far above.
/// let sinks = Tensor::from_vec((Heads,), vec![-100.0, 100.0])?;
/// let y = attention_with(&x, &x, &x, &Full, AttentionOptions::new().sinks(&sinks));
/// assert!((y.to_vec()[0] - 1.0).abs() < 1e-6 && y.to_vec()[23] < 1e-6);
/// # Ok::<(), Error>(())
/// ```
pub fn attention_with<Q, K, V, P, S, D, M, B, Weights, HeadsOrBatch, Bias, Output>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    v: &Tensor<V, impl SameBackend<B>>,
    mask: &M,
    options: AttentionOptions<'_, P, S, D>,
) -> Tensor<Output, B>
where
    Q: Attends<K, V, Output = Output, Weights = Weights>,
    K: Shape,
    V: Shape,
    Output: Shape,
    Weights: Shape,
    Q::HeadDim: Whole + Summed,
    P: PairBias<Weights, HeadsOrBatch, Itself = Bias>,
    Bias: AddedOn<B>,
    S: HeadSinks<Weights, Itself: AddedOn<B>>,
    D: DropsWeights<Q::Keys>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    let device = q.device();
    let (weights, mask) = (q.shape().weights(k.shape()), mask.describe(&device));
    let attend = |mask: &_, options: OptionsOf<'_, B>| B::attention(q.array(), k.array(), v.array(), mask, options);
    let array = options.on::<B, _, _, Q::Keys>(weights, mask, default_scale(q), &device, attend);
    Tensor::from_parts(q.shape().output(v.shape()), array)
}

/// The weights of [`attention_with`]: how much each query attends to each key, `(B, H, Q, K)`. With sinks, those of a query add up to
/// less than 1.
///
/// ```
/// use congruent::nn::{AttentionOptions, attention_weights_with};
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 4; }
/// let q = Tensor::zeros((Batch, Heads, Seq, HeadDim));
/// let sinks = Tensor::zeros((Heads,));
/// let weights = attention_weights_with(&q, &q, &Causal, AttentionOptions::new().sinks(&sinks));
/// let sixths: Vec<f32> = weights.to_vec().iter().map(|x| (x * 6.0).round()).collect();
/// assert_eq!(sixths, [3.0, 0.0, 2.0, 2.0]);
/// ```
pub fn attention_weights_with<Q, K, P, S, D, M, B, Weights, HeadsOrBatch, Bias>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    mask: &M,
    options: AttentionOptions<'_, P, S, D>,
) -> Tensor<Weights, B>
where
    Q: Attends<K, K, Weights = Weights>,
    K: Shape,
    Weights: Shape,
    Q::HeadDim: Whole + Summed,
    Q::Keys: Whole,
    P: PairBias<Weights, HeadsOrBatch, Itself = Bias>,
    Bias: AddedOn<B>,
    S: HeadSinks<Weights, Itself: AddedOn<B>>,
    D: DropsWeights<Q::Keys>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    let device = q.device();
    let (weights, mask) = (q.shape().weights(k.shape()), mask.describe(&device));
    let attend = |mask: &_, options: OptionsOf<'_, B>| B::attention_weights(q.array(), k.array(), mask, options);
    let array = options.on::<B, _, _, Q::Keys>(weights, mask, default_scale(q), &device, attend);
    Tensor::from_parts(weights, array)
}

/// `softmax(q · kᵀ / √D + bias) · v` on the pairs that the mask allows: as [`attention`](super::attention), with a bias for each
/// pair of query and key, `(B, H, Q, K)`, `(H, Q, K)`, `(Q, K)` or `(B, Q, K)`.
///
/// Relative positions are such a bias: those of T5 by [`relative_ids`](crate::mask::relative_ids), ALiBi by
/// [`alibi`](crate::mask::alibi). A mask for each head, [`Allowed`](crate::Allowed) of `(H, Q, K)`, takes the place of a bias too.
/// Padding is the matter of the mask, as everywhere. [`attention_with`] has further options.
///
/// ```
/// use congruent::nn::attention_with_bias;
/// use congruent::mask::alibi;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 8; }
/// let x = Tensor::ones((Batch, Heads, Ragged(Seq), HeadDim));
/// let lengths = Lengths::new(Batch, Ragged(Seq), &[5, 2])?;
/// let bias: Tensor<(Heads, Ragged<Seq>, Ragged<Seq>)> = alibi(Heads, Ragged(Seq), Ragged(Seq));
/// let y = attention_with_bias(&x, &x, &x, &bias, &Causal.and(lengths));
/// # Ok::<(), Error>(())
/// ```
///
/// The last head attends to what is near alone:
///
/// ```
/// use congruent::nn::attention_with_bias;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Heads = 3; Seq = 5; HeadDim = 8; }
/// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let near = Cpu::<bool>::from_fn((Heads, Seq, Seq), |[h, q, k]| h < 2 || q.abs_diff(k) < 2);
/// let y = attention_with_bias(&x, &x, &x, &Allowed::new(near), &Full);
/// ```
pub fn attention_with_bias<Q, K, V, P, M, B, Weights, HeadsOrBatch, Bias, Output>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    v: &Tensor<V, impl SameBackend<B>>,
    bias: &P,
    mask: &M,
) -> Tensor<Output, B>
where
    Q: Attends<K, V, Output = Output, Weights = Weights>,
    K: Shape,
    V: Shape,
    Output: Shape,
    Weights: Shape,
    Q::HeadDim: Whole + Summed,
    P: PairBias<Weights, HeadsOrBatch, Itself = Bias>,
    Bias: AddedOn<B>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    attention_with(q, k, v, mask, AttentionOptions::new().bias(bias))
}

/// As [`attention_with_bias`], with `scale` in place of `1 / √D`: T5 has 1
/// ([Raffel et al. 2020](https://arxiv.org/abs/1910.10683)).
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::nn::scaled_attention_with_bias;
/// dims! { Batch = 1; Heads = 1; Queries = 1; Keys = 2; HeadDim = 1; }
/// let (q, k) = (Tensor::ones((Batch, Heads, Queries, HeadDim)), Tensor::ones((Batch, Heads, Keys, HeadDim)));
/// let v = Tensor::from_nested((Batch, Heads, Keys, HeadDim), [[[[1.0], [3.0]]]]);
/// let bias = Tensor::zeros((Queries, Keys));
/// assert_eq!(scaled_attention_with_bias(&q, &k, &v, &bias, &Full, 1.0).to_vec(), [2.0]);
/// ```
pub fn scaled_attention_with_bias<Q, K, V, P, M, B, Weights, HeadsOrBatch, Bias>(
    q: &Tensor<Q, B>,
    k: &Tensor<K, impl SameBackend<B>>,
    v: &Tensor<V, impl SameBackend<B>>,
    bias: &P,
    mask: &M,
    scale: f64,
) -> Tensor<Q::Output, B>
where
    Q: Attends<K, V, Weights = Weights>,
    K: Shape,
    V: Shape,
    Weights: Shape,
    Q::HeadDim: Whole + Summed,
    P: PairBias<Weights, HeadsOrBatch, Itself = Bias>,
    Bias: AddedOn<B>,
    M: Mask<Q::Batch, Q::Queries, Q::Keys, B::Engine>,
    B: Backend<Elem: Float>,
{
    attention_with(q, k, v, mask, AttentionOptions::new().bias(bias).scale(scale))
}
