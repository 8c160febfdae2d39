//! Language models that predict the next token, and texts that they read.

use congruent::backend::{Backend, DeviceOf, Float};
use congruent::dim::{Vocabulary, Whole};
use congruent::generate::{Rewind, Session};
use congruent::module::{CastTo, Module, Parameter, ParameterMut, Path, ToEngine};
use congruent::nn::{CacheStep, CutTo, Embedding, KeyValueCache, Linear, soft_cap};
use congruent::prelude::*;

/// The dimensions of a model: without experts, `X` is one, and `W` is not read.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct Dims<V, P, E, Q, H, D, F, X = N<1>, W = F> {
    pub vocab: V,
    pub positions: P,
    pub embed: E,
    /// The heads of queries: those of keys and values, or a multiple of them, `Times<H, Group>`.
    pub heads: Q,
    /// The heads of keys and values.
    pub key_heads: H,
    pub head_dim: D,
    /// The width of a feed-forward network that all tokens go through.
    pub ffn: F,
    /// The experts of a layer.
    pub experts: X,
    /// The width of each of them.
    pub expert_ffn: W,
}

/// The layers of a language model, from the embeddings of a text to what its next token is predicted from.
///
/// They are typed by the dimensions that meet others outside: their width, and what their cache holds.
#[allow(missing_docs)]
pub trait Decoder<B: Backend<Elem: Float> = Cpu<f32>> {
    type Positions: Dense;
    type Embed: Dense;
    type KeyHeads: Dim;
    type HeadDim: Dense;

    /// The names of the embedding of the tokens, of the decoder and of the output, as they are published; none for a decoder whose
    /// parts stand beside the others.
    const NAMES: [&str; 3];

    /// How many layers there are.
    fn depth(&self) -> usize;

    /// All layers on the embeddings of tokens at these positions.
    fn forward<N: Dim, S: Whole>(
        &self,
        x: &Tensor<(N, S, Self::Embed), B>,
        positions: &TensorOf<(N, S), Index<Self::Positions>, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
    ) -> Tensor<(N, S, Self::Embed), B>;

    /// All layers on the embeddings of tokens that follow those of the cache.
    fn forward_cached<N: Dim, S: Whole, K: Whole>(
        &self,
        x: &Tensor<(N, S, Self::Embed), B>,
        step: &mut CacheStep<'_, N, Self::KeyHeads, Self::HeadDim, Self::Positions, S, K, B>,
    ) -> Tensor<(N, S, Self::Embed), B>;
}

/// A model that predicts the next token from those before.
///
/// As a [`Module`] its parameters have the names that they are published under.
///
/// On a mesh, `V` may be a [`Shard`](congruent::dim::Shard): [`logits`](Self::logits) are those of a part then, for
/// [`cross_entropy`](congruent::nn::cross_entropy) with labels of the whole, and [`Texts`] gather those that a sampler reads.
#[derive(Clone)]
pub struct LanguageModel<V, D: Decoder<B>, B: Backend<Elem: Float> = Cpu<f32>> {
    positions: D::Positions,
    key_heads: D::KeyHeads,
    head_dim: D::HeadDim,
    /// What the tokens are to the first layer.
    pub tokens: Embedding<V, D::Embed, B>,
    /// The layers.
    pub decoder: D,
    /// From hidden states to logits; without it, they are made by the embedding of the tokens
    /// ([Press and Wolf 2017](https://arxiv.org/abs/1608.05859)).
    pub output: Option<Linear<D::Embed, V, B>>,
    /// No logit is farther from zero than this: `x` becomes `cap · tanh(x / cap)`.
    pub logit_cap: Option<f64>,
}

impl<V: Vocabulary, D: Decoder<B>, B: Backend<Elem: Float>> LanguageModel<V, D, B> {
    /// The model of these parts.
    pub fn new<Q, F, X, W>(
        dims: Dims<V, D::Positions, D::Embed, Q, D::KeyHeads, D::HeadDim, F, X, W>,
        tokens: Embedding<V, D::Embed, B>,
        decoder: D,
        output: Option<Linear<D::Embed, V, B>>,
    ) -> Self {
        let Dims { positions, key_heads, head_dim, .. } = dims;
        LanguageModel { positions, key_heads, head_dim, tokens, decoder, output, logit_cap: None }
    }

    /// The tokens: what ids are of.
    pub fn vocab(&self) -> V::Whole {
        self.tokens.weight.shape().0.whole()
    }

    /// The positions of a text.
    pub fn positions(&self) -> D::Positions {
        self.positions
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

    /// What the model makes of ids at these positions, as in training: its [`logits`](Self::logits) are those of the next tokens.
    ///
    /// The mask is [`Causal`], perhaps together with lengths or segments.
    pub fn forward<N: Dim, S: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        positions: &TensorOf<(N, S), Index<D::Positions>, B>,
        mask: &impl Mask<N, S, S, B::Engine>,
    ) -> Tensor<(N, S, D::Embed), B> {
        self.decoder.forward(&self.tokens.forward(ids), positions, mask)
    }

    /// What the model makes of ids that follow those of the cache.
    pub fn hidden_states<N: Dim, S: Whole, K: Whole>(
        &self,
        ids: &TensorOf<(N, S), Index<V::Whole>, B>,
        step: &mut CacheStep<'_, N, D::KeyHeads, D::HeadDim, D::Positions, S, K, B>,
    ) -> Tensor<(N, S, D::Embed), B> {
        self.decoder.forward_cached(&self.tokens.forward(ids), step)
    }

    /// The logits of each token after `x (batch, .., E)`, which the decoder gave.
    pub fn logits<S, L>(&self, x: &Tensor<S, B>) -> Tensor<L, B>
    where
        S: congruent::shape::Last<D::Embed, With<V> = L>,
        L: Shape,
    {
        let logits = match &self.output {
            Some(output) => output.forward(x),
            None => self.tokens.logits(x),
        };
        match self.logit_cap {
            Some(cap) => soft_cap(&logits, cap),
            None => logits,
        }
    }
}

/// Visits the parts by their published names.
macro_rules! visit_parts {
    ($visit:ident, $model:expr, $path:expr, $visitor:expr, $($by:tt)+) => {{
        let (model, path, visitor) = ($model, $path, $visitor);
        let [tokens, decoder, output] = D::NAMES;
        model.tokens.$visit(&path.at(tokens), visitor);
        match decoder {
            "" => model.decoder.$visit(path, visitor),
            name => model.decoder.$visit(&path.at(name), visitor),
        }
        if let Some(layer) = $($by)+ model.output {
            layer.$visit(&path.at(output), visitor);
        }
    }};
}

impl<V: Dim, D: Decoder<B> + Module<B>, B: Backend<Elem: Float>> Module<B> for LanguageModel<V, D, B> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        visit_parts!(visit, self, path, visitor, &);
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        visit_parts!(visit_mut, self, path, visitor, &mut);
    }
}

impl<V: Dim, D, B, En> ToEngine<En> for LanguageModel<V, D, B>
where
    B: Backend<Elem: Float>,
    En: Backend<Elem = B::Elem>,
    D: Decoder<B> + ToEngine<En>,
    D::On: Decoder<En, Positions = D::Positions, Embed = D::Embed, KeyHeads = D::KeyHeads, HeadDim = D::HeadDim>,
    Embedding<V, D::Embed, B>: ToEngine<En, On = Embedding<V, D::Embed, En>>,
    Linear<D::Embed, V, B>: ToEngine<En, On = Linear<D::Embed, V, En>>,
{
    type On = LanguageModel<V, D::On, En>;
    fn transferred(&self, device: &DeviceOf<En>) -> Self::On {
        LanguageModel {
            positions: self.positions,
            key_heads: self.key_heads,
            head_dim: self.head_dim,
            tokens: self.tokens.transferred(device),
            decoder: self.decoder.transferred(device),
            output: self.output.transferred(device),
            logit_cap: self.logit_cap,
        }
    }
}

impl<V: Dim, D, B, En> CastTo<En> for LanguageModel<V, D, B>
where
    B: Backend<Elem: Float>,
    En: Backend<Elem: Float, Engine = B::Engine>,
    D: Decoder<B> + CastTo<En>,
    D::On: Decoder<En, Positions = D::Positions, Embed = D::Embed, KeyHeads = D::KeyHeads, HeadDim = D::HeadDim>,
    Embedding<V, D::Embed, B>: CastTo<En, On = Embedding<V, D::Embed, En>>,
    Linear<D::Embed, V, B>: CastTo<En, On = Linear<D::Embed, V, En>>,
{
    type On = LanguageModel<V, D::On, En>;
    fn cast_to(&self) -> Self::On {
        LanguageModel {
            positions: self.positions,
            key_heads: self.key_heads,
            head_dim: self.head_dim,
            tokens: self.tokens.cast_to(),
            decoder: self.decoder.cast_to(),
            output: self.output.cast_to(),
            logit_cap: self.logit_cap,
        }
    }
}

dims! {
    /// The new tokens of each text.
    pub New;
    /// The last of them, from the last one backwards, whose logits are asked for.
    pub Checked;
}

/// The sessions of a type whose model goes on from a cache, and how they go back: of `$hidden` of the new tokens the last logits are given.
macro_rules! session_of_cache {
    (
        [$($generics:tt)*] $Of:ty where { $($bounds:tt)* }
        $self:ident, $V:ident, |$ids:ident, $step:ident| $hidden:expr
    ) => {
        impl<$($generics)*> Session<B> for $Of where $($bounds)* {
            type Vocab = <$V as congruent::dim::Table>::Whole;

            fn vocab(&$self) -> Self::Vocab {
                $self.model.vocab()
            }
            fn context(&$self) -> usize {
                $self.cache.capacity().size()
            }
            fn sequences(&$self) -> usize {
                $self.cache.batch().size()
            }
            fn length(&$self, sequence: usize) -> usize {
                $self.cache.lengths()[sequence]
            }
            fn extend(&mut $self, new: &[(usize, &[Index<Self::Vocab>])]) -> Result<Vec<Tensor<(Self::Vocab,), B>>, Error> {
                Ok($self.extend_each(new, &vec![1; new.len()])?.concat())
            }
        }

        impl<$($generics)*> Rewind<B> for $Of where $($bounds)* {
            fn extend_each(
                &mut $self,
                new: &[(usize, &[Index<Self::Vocab>])],
                last: &[usize],
            ) -> Result<Vec<Vec<Tensor<(Self::Vocab,), B>>>, Error> {
                let batch = $self.cache.batch();
                crate::language::padded(batch, new, |ids, lengths| {
                    let $ids = &ids.to_engine::<B>(&$self.model.device());
                    let hidden = $self.cache.step_ragged(lengths, |$step| $hidden)??;
                    let most = last.iter().copied().max().unwrap_or(0);
                    let before_last = |back| {
                        let lengths = lengths.as_slice().iter().map(|length: &usize| length.saturating_sub(back));
                        let lengths: Vec<_> = lengths.collect();
                        Ok(hidden.masked_last(&Lengths::new(batch, hidden.shape().1, &lengths)?))
                    };
                    let rows = (0..most).map(before_last).collect::<Result<Vec<_>, Error>>()?;
                    crate::language::Checked::with(most, |checked| {
                        // A sampler reads all logits: of these tokens alone.
                        let logits = $self.model.logits(&Tensor::try_stack(checked, &rows)?).of_all_ranks(At::<2>);
                        let of = |(&(sequence, _), &last): (&(usize, _), &usize)| {
                            (0..last).rev().map(|back| logits.at(checked, back)?.at(batch, sequence)).collect()
                        };
                        std::iter::zip(new, last).map(of).collect()
                    })
                })
            }
            fn truncate(&mut $self, lengths: &[usize]) -> Result<(), Error> {
                $self.cache.truncate(lengths)
            }
        }
    };
}
pub(crate) use session_of_cache;

/// Texts that a model reads, and goes on with.
pub struct Texts<'m, V, D: Decoder<B>, N, B: Backend<Elem: Float> = Cpu<f32>> {
    model: &'m LanguageModel<V, D, B>,
    cache: KeyValueCache<N, D::KeyHeads, D::HeadDim, D::Positions, B>,
}

impl<'m, V: Vocabulary, D: Decoder<B>, N: Dense, B: Backend<Elem: Float>> Texts<'m, V, D, N, B> {
    /// As many empty texts as the batch has.
    pub fn new(model: &'m LanguageModel<V, D, B>, batch: N) -> Self {
        Texts { model, cache: model.cache(batch) }
    }

    /// The same texts with keys and values in eight bits: see
    /// [`in_eight_bits`](congruent::nn::KeyValueCache::in_eight_bits), and what [`LanguageModel::cache`] gives.
    pub fn in_eight_bits(self) -> Self {
        Texts { cache: self.cache.in_eight_bits(), ..self }
    }

    /// The same texts with keys and values in half precision: see
    /// [`in_half_precision`](congruent::nn::KeyValueCache::in_half_precision).
    pub fn in_half_precision(self) -> Self {
        Texts { cache: self.cache.in_half_precision(), ..self }
    }

    /// Takes what comes after so many tokens back, of each text.
    ///
    /// # Errors
    /// There is not one length for each text.
    pub fn truncate(&mut self, lengths: impl CutTo<N>) -> Result<(), Error> {
        self.cache.truncate(lengths)
    }
}

session_of_cache! {
    [V, D, N, B] Texts<'_, V, D, N, B> where { V: Vocabulary, D: Decoder<B>, N: Dense, B: Backend<Elem: Float> }
    self, V, |ids, step| Ok(self.model.hidden_states(ids, step))
}

/// The new tokens of some texts of a batch, as padded rows of all of them.
pub(crate) fn padded<V: Dense, N: Dense, R>(
    batch: N,
    new: &[(usize, &[Index<V>])],
    run: impl for<'id> FnOnce(&Ids<(N, Ragged<New<'id>>), V>, &Lengths<N, Ragged<New<'id>>>) -> Result<R, Error>,
) -> Result<R, Error> {
    let mut texts = vec![&[][..]; batch.size()];
    new.iter().for_each(|(sequence, ids)| texts[*sequence] = ids);
    let lengths: Vec<usize> = texts.iter().map(|ids| ids.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    // Any id will do for padding.
    let any = texts.iter().find_map(|ids| ids.first());
    let padded = texts.iter().flat_map(|ids| (0..longest).filter_map(move |i| ids.get(i).or(any).copied()));
    New::with(longest, |longest| {
        let longest = Ragged(longest);
        let ids = Cpu::from_vec((batch, longest), padded.collect())?;
        run(&ids, &Lengths::new(batch, longest, &lengths)?)
    })
}
