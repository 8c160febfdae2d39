//! A table of vectors.

use crate::backend::{Backend, cpu::Cpu};
use crate::dim::Dim;
use crate::io::{Stored, Weights};
use crate::shape::{Append, Shape};
use crate::tensor::{IdOf, Tensor, TensorOf};

/// A vector `E` for each id of the table `V`.
///
/// ```
/// use congruent::{nn::Embedding, prelude::*};
/// dims! { Batch = 2; Vocab = 3; Embed = 4; }
/// let embedding = Embedding { weight: Tensor::ones((Vocab, Embed)) };
/// let ids = Ids::new((Batch,), Vocab, &[2, 0]).unwrap();
/// let vectors: Tensor<(Batch, Embed)> = embedding.forward(&ids);
/// ```
#[derive(Clone)]
pub struct Embedding<V, E, B: Backend = Cpu<f32>> {
    /// The vectors, one a row.
    pub weight: Tensor<(V, E), B>,
}

impl<V: Dim, E: Dim, B: Backend> Embedding<V, E, B> {
    /// The vector of each id.
    pub fn forward<S, I: IdOf<V>>(&self, ids: &TensorOf<S, I, B>) -> Tensor<<S as Append<E>>::Output, B>
    where
        S: Shape + Append<E>,
    {
        self.weight.lookup(ids)
    }
}

impl<V: Dim, E: Dim, T: Stored> Embedding<V, E, Cpu<T>> {
    /// Takes `weight`.
    pub fn load(weights: &Weights<'_, T>, table: V, embed: E) -> Self {
        Embedding { weight: weights.tensor("weight", (table, embed)) }
    }
}
