//! Answers to texts, as they come.

use super::{Memory, T5};
use congruent::backend::{Backend, Float};
use congruent::generate::Session;
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
    V: Dense,
    E: Dense,
    H: Dense,
    D: Dense,
    F: Dense,
    R: Dense,
    N: Dense,
    L: Dim,
    P: Dense,
    B: Backend<Elem: Float>,
{
    /// Reads texts, and answers nothing yet.
    ///
    /// # Errors
    /// There are fewer buckets of distances than two.
    pub fn new(
        model: &'m T5<V, E, H, D, F, R, B>,
        ids: &TensorOf<(N, L), Index<V>, B>,
        lengths: &Lengths<N, L>,
        positions: P,
    ) -> Result<Self, Error> {
        let memory = model.memory(&model.encode(ids, lengths)?);
        Ok(Answers { model, memory, lengths: lengths.clone(), cache: model.cache(lengths.batch(), positions) })
    }
}

impl<V, E, H, D, F, R, N, L, P, B> Session<B> for Answers<'_, V, E, H, D, F, R, N, L, P, B>
where
    V: Dense,
    E: Dense,
    H: Dense,
    D: Dense,
    F: Dense,
    R: Dense,
    N: Dense,
    L: Dim,
    P: Dense,
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
        let Answers { model, memory, lengths: of_texts, cache } = self;
        let batch = cache.batch();
        crate::language::padded(batch, new, |ids, lengths| {
            let ids = ids.to_engine::<B>(&model.device());
            let hidden = cache.step_ragged(lengths, |step| model.hidden_states(&ids, memory, of_texts, step))??;
            let logits = model.logits(&hidden.masked_last(lengths));
            new.iter().map(|(sequence, _)| logits.at(batch, *sequence)).collect()
        })
    }
}
