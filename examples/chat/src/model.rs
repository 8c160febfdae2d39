//! Decoder-only language models, and texts that they read.

use congruent::backend::{Backend, DeviceOf};
use congruent::generate::Session;
use congruent::nn::{CacheStep, CutTo, Embedding, KeyValueCache, Linear};
use congruent::prelude::*;

/// The dimensions of a model.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct Dims<V, P, E, Q, H, D, F> {
    pub vocab: V,
    pub positions: P,
    pub embed: E,
    /// The heads of queries: those of keys and values, or a multiple of them, `Times<H, Group>`.
    pub heads: Q,
    /// The heads of keys and values.
    pub key_heads: H,
    pub head_dim: D,
    pub ffn: F,
}

/// The layers of a language model, from the embeddings of a text to what its next token is predicted from.
///
/// They are typed by the dimensions that meet others outside: their width, and what their cache holds.
#[allow(missing_docs)]
pub trait Decoder<B: Backend<Elem = f32> = Cpu<f32>> {
    type Positions: Dense;
    type Embed: Dense;
    type KeyHeads: Dense;
    type HeadDim: Dense;

    /// How many layers there are.
    fn depth(&self) -> usize;

    /// All layers on the embeddings of tokens that follow those of the cache.
    fn forward_cached<N: Dim, S: Dim, K: Dim>(
        &self,
        x: &Tensor<(N, S, Self::Embed), B>,
        step: &mut CacheStep<'_, N, Self::KeyHeads, Self::HeadDim, Self::Positions, S, K, B>,
    ) -> Tensor<(N, S, Self::Embed), B>;
}

/// A model that predicts the next token from those before.
pub struct LanguageModel<V, D: Decoder<B>, B: Backend<Elem = f32> = Cpu<f32>> {
    positions: D::Positions,
    key_heads: D::KeyHeads,
    head_dim: D::HeadDim,
    /// What the tokens are to the first layer.
    pub tokens: Embedding<V, D::Embed, B>,
    /// The layers.
    pub decoder: D,
    /// From hidden states to logits; where it is tied, the embedding of the tokens as the weight of a layer.
    pub output: Linear<D::Embed, V, B>,
}

impl<V: Dense, D: Decoder<B>, B: Backend<Elem = f32>> LanguageModel<V, D, B> {
    /// The model of these parts. Without an output it is tied to the embedding of the tokens
    /// ([Press and Wolf 2017](https://arxiv.org/abs/1608.05859)).
    pub(crate) fn new<Q, F>(
        dims: Dims<V, D::Positions, D::Embed, Q, D::KeyHeads, D::HeadDim, F>,
        tokens: Embedding<V, D::Embed, B>,
        decoder: D,
        output: Option<Linear<D::Embed, V, B>>,
    ) -> Self {
        let Dims { positions, key_heads, head_dim, .. } = dims;
        let output = output.unwrap_or_else(|| Linear { weight: tokens.weight.clone(), bias: None });
        LanguageModel { positions, key_heads, head_dim, tokens, decoder, output }
    }

    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<B> {
        self.tokens.weight.device()
    }

    /// An empty cache for a batch.
    pub fn cache<N: Dim>(&self, batch: N) -> KeyValueCache<N, D::KeyHeads, D::HeadDim, D::Positions, B> {
        let layers = self.decoder.depth();
        KeyValueCache::on_backend(batch, self.key_heads, self.head_dim, self.positions, layers)
            .to_device(&self.device())
    }

    /// What the model makes of ids that follow those of the cache: the logits are linear in it.
    pub fn hidden_states<N: Dim, S: Dim, K: Dim>(
        &self,
        ids: &TensorOf<(N, S), Index<V>, B>,
        step: &mut CacheStep<'_, N, D::KeyHeads, D::HeadDim, D::Positions, S, K, B>,
    ) -> Tensor<(N, S, D::Embed), B> {
        self.decoder.forward_cached(&self.tokens.forward(ids), step)
    }
}

dims! {
    /// The new tokens of each text.
    New;
}

/// Texts that a model reads, and goes on with.
pub struct Texts<'m, V, D: Decoder<B>, N, B: Backend<Elem = f32> = Cpu<f32>> {
    model: &'m LanguageModel<V, D, B>,
    cache: KeyValueCache<N, D::KeyHeads, D::HeadDim, D::Positions, B>,
}

impl<'m, V: Dense, D: Decoder<B>, N: Dense, B: Backend<Elem = f32>> Texts<'m, V, D, N, B> {
    /// As many empty texts as the batch has.
    pub fn new(model: &'m LanguageModel<V, D, B>, batch: N) -> Self {
        Texts { model, cache: model.cache(batch) }
    }

    /// Takes what comes after so many tokens back, of each text.
    pub fn truncate(&mut self, lengths: impl CutTo<N>) -> Result<(), congruent::Error> {
        self.cache.truncate(lengths)
    }
}

impl<V: Dense, D: Decoder<B>, N: Dense, B: Backend<Elem = f32>> Session<B> for Texts<'_, V, D, N, B> {
    type Vocab = V;

    fn vocab(&self) -> V {
        self.model.output.output()
    }
    fn context(&self) -> usize {
        self.cache.capacity().size()
    }
    fn sequences(&self) -> usize {
        self.cache.batch().size()
    }
    fn length(&self, sequence: usize) -> usize {
        self.cache.lengths()[sequence]
    }

    fn extend(&mut self, new: &[(usize, &[Index<V>])]) -> Result<Vec<Tensor<(V,), B>>, congruent::Error> {
        let (batch, model) = (self.cache.batch(), self.model);
        let mut texts = vec![&[][..]; batch.size()];
        new.iter().for_each(|(sequence, ids)| texts[*sequence] = ids);
        let lengths: Vec<usize> = texts.iter().map(|ids| ids.len()).collect();
        bind!(longest: Ragged<New> = lengths.iter().copied().max().unwrap_or(0));
        // Any id will do for padding.
        let any = texts.iter().find_map(|ids| ids.first());
        let padded = texts.iter().flat_map(|ids| (0..longest.size()).filter_map(move |i| ids.get(i).or(any).copied()));
        let ids = Cpu::from_vec((batch, longest), padded.collect())?.to_engine::<B>(&model.device());
        let lengths = Lengths::new(batch, longest, &lengths)?;
        let hidden = self.cache.step_ragged(&lengths, |step| model.hidden_states(&ids, step))?;
        let logits = model.output.forward(&hidden.masked_last(&lengths));
        new.iter().map(|(sequence, _)| logits.at(batch, *sequence)).collect()
    }
}
