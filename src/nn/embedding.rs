//! A table of vectors.

use crate::backend::{Backend, Epilogue, Float, With};
use crate::cpu::Cpu;
use crate::dim::{Dim, Picked, Summed, Table, Whole};
use crate::io::{Stored, Weights};
use crate::module::report;
use crate::shape::{Append, Last, LooksUp, Shape};
use crate::tensor::{IdOf, SameBackend, Tensor};
use crate::{Module, Rng};

/// A vector `E` for each id of the table `V`.
///
/// ```
/// use congruent::{nn::Embedding, prelude::*};
/// dims! { Batch = 2; Vocab = 3; Embed = 4; }
/// let embedding = Embedding::random(Vocab, Embed, &mut Rng::with_seed(1));
/// let ids = Ids::new((Batch,), Vocab, &[2, 0]).unwrap();
/// let vectors: Tensor<(Batch, Embed)> = embedding.forward(&ids);
/// ```
///
/// On a mesh, `Embedding<Shard<V, M>, E>` has a part of the table on each rank; ids are of the whole, and
/// [`logits`](Self::logits) are those of the part, `(.., Shard<V, M>)`
/// ([Shoeybi et al. 2019](https://arxiv.org/abs/1909.08053)): see [`mesh`](crate::mesh).
#[derive(Clone, Module)]
#[module(debug)]
pub struct Embedding<V, E, B: Backend = Cpu<f32>> {
    /// The vectors, one a row.
    pub weight: Tensor<(V, E), B>,
}

impl<V: Dim, E: Dim, B: Backend> Embedding<V, E, B> {
    /// The vector of each id. Of a table that is divided among the ranks of a mesh, all of them are added: see
    /// [`lookup`](Tensor::lookup).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Embedding;
    /// dims! { Batch = 2; Vocab = 3; Embed = 2; }
    /// let embedding = Embedding { weight: Tensor::from_nested((Vocab, Embed), [[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]]) };
    /// let ids = Ids::new((Batch,), Vocab, &[2, 0])?;
    /// assert_eq!(embedding.forward(&ids).to_vec(), [2.0, 2.5, 0.0, 0.5]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// As [`lookup`](Tensor::lookup).
    pub fn forward<S, I, C, SameOrOther>(&self, ids: &Tensor<S, C>) -> Tensor<<S as Append<E>>::Output, B>
    where
        S: Shape + Append<E> + LooksUp<V, SameOrOther>,
        I: IdOf<V::Whole>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        V: Table + Picked,
    {
        let y = self.weight.lookup(ids);
        report::<B>(self.weight.array(), y.shape(), y.array());
        y
    }

    /// The product of `x` and the vector of each id: the logits of a model whose output is tied to its input
    /// ([Press and Wolf 2017](https://arxiv.org/abs/1608.05859)).
    ///
    /// ```
    /// use congruent::{nn::Embedding, prelude::*};
    /// dims! { Batch = 2; Vocab = 3; Embed = 4; }
    /// let embedding = Embedding { weight: Tensor::ones((Vocab, Embed)) };
    /// let logits: Tensor<(Batch, Vocab)> = embedding.logits(&Tensor::ones((Batch, Embed)));
    /// assert_eq!(logits.to_vec(), [4.0; 6]);
    /// ```
    #[doc(alias("tied", "lm_head"))]
    pub fn logits<S>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<<S as Last<E>>::With<V>, B>
    where
        S: Last<E>,
        E: Whole + Summed,
        B::Elem: Float,
    {
        let logits = B::linear(x.array(), self.weight.array(), Epilogue::default());
        let shape = x.shape().with_last(self.weight.shape().0);
        report::<B>(self.weight.array(), shape, &logits);
        Tensor::from_parts(shape, logits)
    }
}

impl<V: Dim, E: Dim> Embedding<V, E> {
    /// A new table, its elements normally distributed with deviation 1, as PyTorch begins. Another deviation:
    /// `Embedding { weight: Tensor::normal((Vocab, Embed), 0.0, 0.02, rng) }`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Embedding;
    /// dims! { Vocab = 3; Embed = 4; }
    /// let embedding = Embedding::random(Vocab, Embed, &mut Rng::with_seed(1));
    /// assert_eq!(embedding.weight.sizes(), [3, 4]);
    /// ```
    pub fn random(table: V, embed: E, rng: &mut Rng) -> Self {
        Embedding { weight: Tensor::normal((table, embed), 0.0, 1.0, rng) }
    }
}

impl<V: Dim, E: Dim, B: Backend<Elem: Stored>> Embedding<V, E, B> {
    /// Takes `weight`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::Embedding};
    /// dims! { Vocab = 3; Embed = 4; }
    /// let mut writer = Writer::default();
    /// writer.add("wte.weight", &Tensor::ones((Vocab, Embed)));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let embedding = load(&file, |weights: Weights<f32>| Embedding::load(&weights.at("wte"), Vocab, Embed))?;
    /// assert_eq!(embedding.weight.to_vec(), [1.0; 12]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, table: V, embed: E) -> Self {
        Embedding { weight: weights.tensor("weight", (table, embed)).same() }
    }
}
