//! Decoder-only language models, and texts that they read.

use congruent::generate::Session;
use congruent::nn::{CacheStep, CutTo, Embedding, KeyValueCache, Linear};
use congruent::prelude::*;

/// A model that predicts the next token from those before.
///
/// It is typed by the dimensions that meet others outside: the tokens, what its cache holds, and what the logits are made of.
#[allow(missing_docs)]
pub trait LanguageModel {
    type Vocab: Dense;
    type Positions: Dense;
    type Embed: Dense;
    type KeyHeads: Dense;
    type HeadDim: Dense;

    /// An empty cache for a batch.
    fn cache<B: Dim>(&self, batch: B) -> KeyValueCache<B, Self::KeyHeads, Self::HeadDim, Self::Positions>;

    /// What the model makes of ids that follow those of the cache: the logits are linear in it.
    fn hidden_states<B: Dim, S: Dim, K: Dim>(
        &self,
        ids: &Ids<(B, S), Self::Vocab>,
        step: &mut CacheStep<'_, B, Self::KeyHeads, Self::HeadDim, Self::Positions, S, K>,
    ) -> Tensor<(B, S, Self::Embed)>;

    /// From hidden states to logits.
    fn output(&self) -> &Linear<Self::Embed, Self::Vocab>;
}

/// The embedding of the tokens as the layer from hidden states to logits
/// ([Press and Wolf 2017](https://arxiv.org/abs/1608.05859)).
pub(crate) fn tied<V: Dim, E: Dim>(tokens: &Embedding<V, E>) -> Linear<E, V> {
    Linear { weight: tokens.weight.clone(), bias: None }
}

dims! {
    /// The new tokens of each text.
    New;
}

/// Texts that a model reads, and goes on with.
pub struct Texts<'m, M: LanguageModel, B: Dim> {
    model: &'m M,
    cache: KeyValueCache<B, M::KeyHeads, M::HeadDim, M::Positions>,
}

impl<'m, M: LanguageModel, B: Dense> Texts<'m, M, B> {
    /// As many empty texts as the batch has.
    pub fn new(model: &'m M, batch: B) -> Self {
        Texts { model, cache: model.cache(batch) }
    }

    /// Takes what comes after so many tokens back, of each text.
    pub fn truncate(&mut self, lengths: impl CutTo<B>) -> Result<(), congruent::Error> {
        self.cache.truncate(lengths)
    }
}

impl<M: LanguageModel, B: Dense> Session for Texts<'_, M, B> {
    type Vocab = M::Vocab;

    fn vocab(&self) -> M::Vocab {
        self.model.output().output()
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

    fn extend(&mut self, new: &[(usize, &[Index<M::Vocab>])]) -> Result<Vec<Tensor<(M::Vocab,)>>, congruent::Error> {
        let (batch, model) = (self.cache.batch(), self.model);
        let mut texts = vec![&[][..]; batch.size()];
        new.iter().for_each(|(sequence, ids)| texts[*sequence] = ids);
        let lengths: Vec<usize> = texts.iter().map(|ids| ids.len()).collect();
        bind!(longest: Ragged<New> = lengths.iter().copied().max().unwrap_or(0));
        // Any id will do for padding.
        let any = texts.iter().find_map(|ids| ids.first());
        let padded = texts.iter().flat_map(|ids| (0..longest.size()).filter_map(move |i| ids.get(i).or(any).copied()));
        let ids = Cpu::from_vec((batch, longest), padded.collect())?;
        let lengths = Lengths::new(batch, longest, &lengths)?;
        let hidden = self.cache.step_ragged(&lengths, |step| model.hidden_states(&ids, step))?;
        let logits = model.output().forward(&hidden.masked_last(&lengths));
        new.iter().map(|(sequence, _)| logits.at(batch, *sequence)).collect()
    }
}
