//! Answers to texts, as they come.

use super::{Memory, T5};
use crate::language::session_of_cache;
use congruent::backend::{Backend, Float};
use congruent::dim::{Filled, Vocabulary, Whole};
use congruent::generate::{Rewind, Session};
use congruent::nn::KeyValueCache;
use congruent::prelude::*;

/// Answers to a batch of texts `L` of these lengths, of at most `P` tokens each. They begin with a token of the model's own, which
/// is that of padding.
pub struct Answers<'m, V, E, H, D, F, R, N, L, P, B: Backend<Elem: Float> = Cpu<f32>> {
    model: &'m T5<V, E, H, D, F, R, B>,
    memory: Memory<N, H, D, L, B>,
    lengths: Lengths<N, L>,
    cache: KeyValueCache<N, H, D, P, B>,
}

impl<'m, V, E, H, D, F, R, N, L, P, B> Answers<'m, V, E, H, D, F, R, N, L, P, B>
where
    V: Vocabulary,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    R: Dense,
    N: Dense,
    L: Whole,
    P: Dense,
    B: Backend<Elem: Float>,
{
    /// Reads texts, and answers nothing yet.
    ///
    /// # Errors
    /// There are fewer buckets of distances than two.
    pub fn new(
        model: &'m T5<V, E, H, D, F, R, B>,
        ids: &TensorOf<(N, L), Index<V::Whole>, B>,
        lengths: &Lengths<N, L>,
        positions: P,
    ) -> Result<Self, Error> {
        let memory = model.memory(&model.encode(ids, lengths)?);
        Ok(Answers { model, memory, lengths: lengths.clone(), cache: model.cache(lengths.batch(), positions) })
    }
}

session_of_cache! {
    [V, E, H, D, F, R, N, L, P, B] Answers<'_, V, E, H, D, F, R, N, L, P, B> where {
        V: Vocabulary,
        E: Dense,
        H: Filled,
        D: Dense,
        F: Filled,
        R: Dense,
        N: Dense,
        L: Whole,
        P: Dense,
        B: Backend<Elem: Float>,
    }
    self, V, |ids, step| self.model.hidden_states(ids, &self.memory, &self.lengths, step)
}
