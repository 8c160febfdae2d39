//! The layer of an encoder by the names that a family publishes it under.

use congruent::backend::{Backend, DeviceOf, Float};
use congruent::io::{Stored, Weights};
use congruent::module::{CastTo, Parameter, ParameterMut, Path, ToEngine};
use congruent::nn::{Activation, EncoderLayer, FeedForward, LayerNorm, Linear, MultiHeadAttention, NormOrder};
use congruent::prelude::*;
use std::marker::PhantomData;

/// The published names of the parts of a layer.
#[allow(missing_docs)]
pub struct PartNames {
    pub query: &'static str,
    pub key: &'static str,
    pub value: &'static str,
    pub output: &'static str,
    pub attention_norm: &'static str,
    pub up: &'static str,
    pub down: &'static str,
    pub feed_forward_norm: &'static str,
}

/// A family whose layers have these names.
pub trait LayerNames: Clone {
    /// The names.
    const NAMES: PartNames;
}

/// A layer whose parameters have the names of a family.
#[derive(Clone)]
pub struct PublishedLayer<Family, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The layer.
    pub layer: EncoderLayer<E, H, D, F, B>,
    family: PhantomData<Family>,
}

/// The dimensions of a layer.
#[derive(Clone, Copy)]
pub(crate) struct LayerDims<E, H, D, F> {
    pub embed: E,
    pub heads: H,
    pub head_dim: D,
    pub ffn: F,
}

/// What is no dimension of a layer.
#[derive(Clone, Copy)]
pub(crate) struct LayerSettings {
    pub epsilon: f64,
    pub activation: Activation,
    pub order: NormOrder,
    /// Whether queries, keys and values have biases.
    pub biases: [bool; 3],
}

/// Takes a linear layer with a bias or without.
pub(crate) fn linear<I: Dim, O: Dim, B: Backend<Elem: Stored>>(
    weights: &Weights<'_, B::Elem, B>,
    input: I,
    output: O,
    biased: bool,
) -> Linear<I, O, B> {
    if biased { Linear::load(weights, input, output) } else { Linear::load_without_bias(weights, input, output) }
}

impl<Family: LayerNames, E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float + Stored>>
    PublishedLayer<Family, E, H, D, F, B>
{
    pub(crate) fn load(
        weights: &Weights<'_, B::Elem, B>,
        LayerDims { embed, heads, head_dim, ffn }: LayerDims<E, H, D, F>,
        LayerSettings { epsilon, activation, order, biases: [query, key, value] }: LayerSettings,
    ) -> Self {
        let (names, merged) = (Family::NAMES, Times(heads, head_dim));
        let norm = |name| LayerNorm::load(&weights.at(name), embed, epsilon);
        let to_heads = |name, biased| linear(&weights.at(name), embed, merged, biased);
        let layer = EncoderLayer {
            attention: MultiHeadAttention {
                query: to_heads(names.query, query),
                key: to_heads(names.key, key),
                value: to_heads(names.value, value),
                output: Linear::load(&weights.at(names.output), merged, embed),
            },
            attention_norm: norm(names.attention_norm),
            feed_forward: FeedForward {
                up: Linear::load(&weights.at(names.up), embed, ffn),
                activation,
                down: Linear::load(&weights.at(names.down), ffn, embed),
            },
            feed_forward_norm: norm(names.feed_forward_norm),
            order,
        };
        PublishedLayer { layer, family: PhantomData }
    }
}

/// Visits the parts of a layer.
macro_rules! visit_parts {
    ($visit:ident, $layer:expr, $path:expr, $visitor:expr) => {{
        let (layer, path, visitor, names) = ($layer, $path, $visitor, Family::NAMES);
        layer.attention.query.$visit(&path.at(names.query), visitor);
        layer.attention.key.$visit(&path.at(names.key), visitor);
        layer.attention.value.$visit(&path.at(names.value), visitor);
        layer.attention.output.$visit(&path.at(names.output), visitor);
        layer.attention_norm.$visit(&path.at(names.attention_norm), visitor);
        layer.feed_forward.up.$visit(&path.at(names.up), visitor);
        layer.feed_forward.down.$visit(&path.at(names.down), visitor);
        layer.feed_forward_norm.$visit(&path.at(names.feed_forward_norm), visitor);
    }};
}

impl<Family: LayerNames, E: Dim, H: Dim, D: Dim, F: Dim, B: Backend<Elem: Float>> Module<B>
    for PublishedLayer<Family, E, H, D, F, B>
{
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        visit_parts!(visit, &self.layer, path, visitor);
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        visit_parts!(visit_mut, &mut self.layer, path, visitor);
    }
}

impl<Family, E, H, D, F, B: Backend, En: Backend<Elem = B::Elem>> ToEngine<En> for PublishedLayer<Family, E, H, D, F, B>
where
    EncoderLayer<E, H, D, F, B>: ToEngine<En, On = EncoderLayer<E, H, D, F, En>>,
{
    type On = PublishedLayer<Family, E, H, D, F, En>;
    fn transferred(&self, device: &DeviceOf<En>) -> Self::On {
        PublishedLayer { layer: self.layer.transferred(device), family: PhantomData }
    }
}

impl<Family, E, H, D, F, B: Backend, En: Backend<Engine = B::Engine>> CastTo<En>
    for PublishedLayer<Family, E, H, D, F, B>
where
    EncoderLayer<E, H, D, F, B>: CastTo<En, On = EncoderLayer<E, H, D, F, En>>,
{
    type On = PublishedLayer<Family, E, H, D, F, En>;
    fn cast_to(&self) -> Self::On {
        PublishedLayer { layer: self.layer.cast_to(), family: PhantomData }
    }
}
