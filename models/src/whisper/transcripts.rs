//! Transcripts of recordings, as they come.

use super::{Memory, Whisper};
use crate::language::session_of_cache;
use congruent::backend::{Backend, Float};
use congruent::dim::{Filled, Vocabulary};
use congruent::generate::{Rewind, Session};
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
    V: Vocabulary,
    P: Dense,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
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

session_of_cache! {
    [M, L, V, P, E, H, D, F, N, B] Transcripts<'_, M, L, V, P, E, H, D, F, N, B> where {
        M: Dense,
        L: Dense,
        V: Vocabulary,
        P: Dense,
        E: Dense,
        H: Filled,
        D: Dense,
        F: Filled,
        N: Dense,
        B: Backend<Elem: Float>,
    }
    self, V, |ids, step| Ok(self.model.hidden_states(ids, &self.memory, step))
}
