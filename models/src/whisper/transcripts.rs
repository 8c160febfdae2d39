//! Transcripts of recordings, as they come.

use super::{Memory, Whisper};
use congruent::backend::{Backend, Float};
use congruent::generate::Session;
use congruent::nn::KeyValueCache;
use congruent::prelude::*;

/// Transcripts of a batch of recordings. They begin with the model's own tokens: that of the start, and those that say in which language
/// and what is to be written.
pub struct Transcripts<'m, M, L, V, P, E, H, D, F, N, B: Backend<Elem: Float> = Cpu<f32>> {
    model: &'m Whisper<M, L, V, P, E, H, D, F, B>,
    memory: Memory<N, H, D, L, B>,
    cache: KeyValueCache<N, H, D, P, B>,
}

impl<'m, M, L, V, P, E, H, D, F, N, B> Transcripts<'m, M, L, V, P, E, H, D, F, N, B>
where
    M: Dense,
    L: Dense,
    V: Dense,
    P: Dense,
    E: Dense,
    H: Dense,
    D: Dense,
    F: Dense,
    N: Dense,
    B: Backend<Elem: Float>,
{
    /// Hears recordings, and writes nothing yet.
    ///
    /// # Errors
    /// There are not two frames for each position of the encoder.
    pub fn new<G: Dense>(
        model: &'m Whisper<M, L, V, P, E, H, D, F, B>,
        frames: &Tensor<(N, M, G), B>,
    ) -> Result<Self, Error> {
        let (batch, ..) = frames.shape();
        Ok(Transcripts { model, memory: model.memory(&model.encode(frames)?), cache: model.cache(batch) })
    }
}

impl<M, L, V, P, E, H, D, F, N, B> Session<B> for Transcripts<'_, M, L, V, P, E, H, D, F, N, B>
where
    M: Dense,
    L: Dense,
    V: Dense,
    P: Dense,
    E: Dense,
    H: Dense,
    D: Dense,
    F: Dense,
    N: Dense,
    B: Backend<Elem: Float>,
{
    type Vocab = V;

    fn vocab(&self) -> V {
        self.model.vocab()
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

    fn extend(&mut self, new: &[(usize, &[Index<V>])]) -> Result<Vec<Tensor<(V,), B>>, Error> {
        let Transcripts { model, memory, cache } = self;
        let batch = cache.batch();
        crate::language::padded(batch, new, |ids, lengths| {
            let ids = ids.to_engine::<B>(&model.device());
            let hidden = cache.step_ragged(lengths, |step| model.hidden_states(&ids, memory, step))?;
            let logits = model.logits(&hidden.masked_last(lengths));
            new.iter().map(|(sequence, _)| logits.at(batch, *sequence)).collect()
        })
    }
}
