//! The linear layer.

use super::Activation;
use crate::backend::{ArrayOf, Backend, Collective, Engine, Epilogue, Float, MeshAxis, PrimitiveOf, composed};
use crate::cpu::Cpu;
use crate::dim::{Dim, Shard, Sharded, Summed};
use crate::io::{Stored, Weights};
use crate::module::report;
use crate::shape::{Axis, Last, SameShape, Shape};
use crate::tensor::{SameBackend, Tensor};
use crate::{Module, Rng};

/// `x · weightᵀ + bias`, on the last dimension: `In` becomes `Out`.
///
/// On the processor, a weight of `f32` that is used more than once for more than a few rows is kept in the order that the
/// kernel reads it in, beside its own: it takes twice its memory.
///
/// ```
/// use congruent::{nn::Linear, prelude::*};
/// dims! { Batch = 2; Embed = 8; Hidden = 32; }
/// let layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let y: Tensor<(Batch, Hidden)> = layer.forward(&Tensor::ones((Batch, Embed)));
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct Linear<In, Out, B: Backend = Cpu<f32>> {
    /// What each output takes of each input.
    pub weight: Tensor<(Out, In), B>,
    /// What is added to each output.
    pub bias: Option<Tensor<(Out,), B>>,
}

impl<In: Dim, Out: Dim, B: Backend> Linear<In, Out, B> {
    /// The dimension of the input.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 8; Hidden = 32; }
    /// assert_eq!(Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).input(), Embed);
    /// ```
    pub fn input(&self) -> In {
        self.weight.shape().1
    }

    /// The dimension of the output.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 8; Hidden = 32; }
    /// assert_eq!(Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).output(), Hidden);
    /// ```
    pub fn output(&self) -> Out {
        self.weight.shape().0
    }

    /// The layer on the last dimension of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Batch = 1; Embed = 2; Hidden = 2; }
    /// let weight = Tensor::from_nested((Hidden, Embed), [[1.0, 2.0], [3.0, 4.0]]);
    /// let layer = Linear { weight, bias: Some(Tensor::full((Hidden,), 0.5)) };
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 10.0]]);
    /// assert_eq!(layer.forward(&x).to_vec(), [21.5, 43.5]);
    /// ```
    pub fn forward<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<<S as Last<In>>::With<Out>, B>
    where
        S: Last<In>,
        In: Summed,
        B::Elem: Float,
    {
        self.apply(x, Epilogue::default())
    }

    /// `activation(layer(x))`: the function is calculated while the product is at hand.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Activation, Linear};
    /// dims! { Batch = 1; Embed = 2; Hidden = 2; }
    /// let weight = Tensor::from_nested((Hidden, Embed), [[1.0, 2.0], [-3.0, -4.0]]);
    /// let layer = Linear { weight, bias: None };
    /// let y = layer.forward_activated(&Tensor::ones((Batch, Embed)), Activation::Relu);
    /// assert_eq!(y.to_vec(), [3.0, 0.0]);
    /// ```
    pub fn forward_activated<S>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        activation: Activation,
    ) -> Tensor<<S as Last<In>>::With<Out>, B>
    where
        S: Last<In>,
        In: Summed,
        B::Elem: Float,
    {
        self.apply(x, activation.epilogue())
    }

    /// `layer(x) + residual`: it is added while the product is at hand.
    ///
    /// ```
    /// use congruent::{nn::Linear, prelude::*};
    /// dims! { Batch = 2; Embed = 8; }
    /// let layer = Linear::random(Embed, Embed, &mut Rng::with_seed(1));
    /// let x = Tensor::ones((Batch, Embed));
    /// let y = layer.forward_residual(&x, &x);
    /// assert!((y - layer.forward(&x) - x).abs().to_vec().iter().all(|x| *x < 1e-6));
    /// ```
    pub fn forward_residual<S, R>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        residual: &Tensor<R, impl SameBackend<B>>,
    ) -> Tensor<<S as Last<In>>::With<Out>, B>
    where
        S: Last<In>,
        R: Shape + SameShape<<S as Last<In>>::With<Out>>,
        In: Summed,
        B::Elem: Float,
    {
        self.apply(x, Epilogue::residual(residual.array()))
    }

    /// The layer on `x`, of whose last dimension each rank along a mesh axis has a part, and the part of the result that this rank has,
    /// along a dimension that `x` has: the ranks add their products by a reduce-scatter, which moves half of what the all-reduce
    /// of [`forward`](Self::forward) does, and the bias comes after that, once. It is how a sequence-parallel block ends what
    /// `layer.forward(&x.all_gather(seq))` began
    /// ([Korthikanti et al. 2022](https://arxiv.org/abs/2205.05198), section 4.2.2).
    ///
    /// ```
    /// use congruent::dim::Shard;
    /// use congruent::mesh::{Mesh, OnMesh, in_threads};
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { Model = 2; Batch = 1; Seq = 4; Hidden = 6; Embed = 3; }
    /// in_threads(2, |world| {
    ///     let mesh = Mesh::new(world, (Model,)).unwrap();
    ///     let (seq, hidden) = (mesh.shard(Seq, Model), mesh.shard(Hidden, Model));
    ///     let layer = Linear::random(hidden, Embed, &mut Rng::with_seed(1)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let x = Tensor::ones((Batch, Seq, hidden)).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
    ///     let y: Tensor<(Batch, Shard<Seq, Model>, Embed), _> = layer.forward_reduce_scatter(&x, seq);
    ///     assert_eq!(y.to_vec(), layer.forward(&x).shard(seq).to_vec());
    /// });
    /// ```
    pub fn forward_reduce_scatter<S, D, M, Position, Part>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        part: Shard<D, M>,
    ) -> Tensor<Part, B>
    where
        S: Last<In>,
        <S as Last<In>>::With<Out>: Axis<D, Position, Dim = D, With<Shard<D, M>> = Part>,
        In: Sharded<Ranks = M> + Summed,
        D: Dim,
        M: Dim,
        Part: Shape,
        B::Elem: Float,
    {
        let (whole, at) =
            (x.shape().with_last(self.output()), <<S as Last<In>>::With<Out> as Axis<D, Position>>::INDEX);
        self.apply_scattered(x, (at, part.axis()), whole.with(part), Epilogue::default())
    }

    /// The part of the layer on `x` that this rank along a mesh axis has, along an axis of the result.
    pub(super) fn apply_scattered<S: Last<In>, Part: Shape>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        (at, along): (usize, MeshAxis),
        shape: Part,
        after: Epilogue<'_, ArrayOf<B>>,
    ) -> Tensor<Part, B>
    where
        B::Elem: Float,
    {
        let after = Epilogue { bias: self.bias.as_ref().map(Tensor::array), ..after };
        let product = B::linear(x.array(), self.weight.array(), Epilogue::default());
        let y = self.input().mesh_axes().iter().fold(product, |y, axis| {
            let collective = if axis == along { Collective::ReduceScatter(at) } else { Collective::Sum };
            B::Engine::together::<PrimitiveOf<B>>(collective, &y, axis)
        });
        let y = composed::after::<B>(y, after);
        report::<B>(self.weight.array(), shape, &y);
        Tensor::from_parts(shape, y)
    }

    /// The layer on `x`, with an epilogue of the product.
    pub(super) fn apply<S: Last<In>>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        after: Epilogue<'_, ArrayOf<B>>,
    ) -> Tensor<<S as Last<In>>::With<Out>, B>
    where
        B::Elem: Float,
    {
        let after = Epilogue { bias: self.bias.as_ref().map(Tensor::array), ..after };
        let shape = x.shape().with_last(self.output());
        let y = if In::IS_SHARDED {
            // What is added, and functions that are not linear, come after the sum of all ranks: once.
            let product = B::linear(x.array(), self.weight.array(), Epilogue::default());
            let sum = self
                .input()
                .mesh_axes()
                .iter()
                .fold(product, |y, axis| B::Engine::together::<PrimitiveOf<B>>(Collective::Sum, &y, axis));
            composed::after::<B>(sum, after)
        } else {
            B::linear(x.array(), self.weight.array(), after)
        };
        report::<B>(self.weight.array(), shape, &y);
        Tensor::from_parts(shape, y)
    }
}

impl<In: Dim, Out: Dim> Linear<In, Out> {
    /// A new layer, its parameters uniform within `1 / √In`, as PyTorch begins.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 4; Hidden = 32; }
    /// let layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// assert!(layer.weight.to_vec().iter().all(|x| x.abs() <= 0.5));
    /// ```
    pub fn random(input: In, output: Out, rng: &mut Rng) -> Self {
        let bound = (input.whole_size().max(1) as f64).sqrt().recip();
        let weight = Tensor::uniform((output, input), -bound..bound, rng);
        Linear { weight, bias: Some(Tensor::uniform((output,), -bound..bound, rng)) }
    }
}

impl<In: Dim, Out: Dim, B: Backend> Linear<In, Out, B> {
    /// The layer without its bias.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 4; Hidden = 32; }
    /// let layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).without_bias();
    /// assert!(layer.bias.is_none());
    /// ```
    pub fn without_bias(self) -> Self {
        Linear { bias: None, ..self }
    }
}

impl<In: Dim, Out: Dim, B: Backend<Elem: Stored>> Linear<In, Out, B> {
    /// Takes `weight` and `bias`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::Linear};
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut writer = Writer::default();
    /// writer.module("up", &Linear::random(Embed, Hidden, &mut Rng::with_seed(1)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let layer = load(&file, |weights: Weights<f32>| Linear::load(&weights.at("up"), Embed, Hidden))?;
    /// assert_eq!(layer.weight.sizes(), [3, 2]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, input: In, output: Out) -> Self {
        let bias = Some(weights.tensor("bias", (output,)).same());
        Linear { bias, ..Linear::load_without_bias(weights, input, output) }
    }

    /// Takes `weight`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::Linear};
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut writer = Writer::default();
    /// writer.add("up.weight", &Tensor::ones((Hidden, Embed)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let layer = load(&file, |weights: Weights<f32>| Linear::load_without_bias(&weights.at("up"), Embed, Hidden))?;
    /// assert!(layer.bias.is_none());
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load_without_bias(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, input: In, output: Out) -> Self {
        Linear { weight: weights.tensor("weight", (output, input)).same(), bias: None }
    }
}
