//! How much of each sequence is live.

use super::{Covers, Restrict};
use crate::Error;
use crate::backend::{AttentionMask, Backend, Number, Reduce};
use crate::dim::{Dim, Name, Ragged};
use crate::shape::{Sequences, Shape};
use crate::tensor::Tensor;
use std::sync::Arc;

/// The length of each sequence of a batch: what follows it is padding, and is not attended to.
#[derive(Clone, Debug)]
pub struct Lengths<B, K> {
    batch: B,
    keys: K,
    lengths: Arc<[usize]>,
}

impl<B: Dim, K: Dim> Lengths<B, K> {
    /// The lengths of the sequences of a batch.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert!(Lengths::new(Batch, Ragged(Seq), &[4, 0]).is_ok());
    /// let error = Lengths::new(Batch, Ragged(Seq), &[4, 5]).unwrap_err();
    /// assert_eq!(error.to_string(), "sequence 1 has length 5, and `Ragged<Seq>` has room for 4");
    /// ```
    ///
    /// # Errors
    /// There is not one for each sequence, or one is larger than the dimension.
    pub fn new(batch: B, keys: K, lengths: &[usize]) -> Result<Self, Error> {
        if lengths.len() != batch.size() {
            let expected = batch.size();
            return Err(Error::SequenceCount { batch: Name::<B>::new().to_string(), expected, found: lengths.len() });
        }
        if let Some(sequence) = lengths.iter().position(|&length| length > keys.size()) {
            let (length, dimension) = (lengths[sequence], Name::<K>::new().to_string());
            return Err(Error::SequenceTooLong { sequence, length, dimension, size: keys.size() });
        }
        Ok(Lengths { batch, keys, lengths: lengths.into() })
    }

    /// The batch.
    pub fn batch(&self) -> B {
        self.batch
    }

    /// The dimension of which the lengths are parts.
    pub fn keys(&self) -> K {
        self.keys
    }

    /// The lengths.
    pub fn as_slice(&self) -> &[usize] {
        &self.lengths
    }
}

impl<B: Dim, Q, K: Dim> Restrict<B, Q, K> for Lengths<B, K> {
    type Padding = Covers;
    fn describe(&self) -> AttentionMask {
        AttentionMask { lengths: Some(self.lengths.clone()), ..AttentionMask::default() }
    }
}

/// What reads across padding, and knows where it is.
impl<S: Shape, Bk: Backend> Tensor<S, Bk> {
    /// The mean over the live positions of each sequence; zeros for an empty one.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Embed = 1; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[2, 0]).unwrap();
    /// let x = Tensor::from_fn((Batch, Ragged(Seq), Embed), |[_, s, _]| s as f32);
    /// let mean: Tensor<(Batch, Embed)> = x.masked_mean(&lengths);
    /// assert_eq!(mean.to_vec(), [0.5, 0.0]);
    /// ```
    pub fn masked_mean<B: Dim, K: Dim>(&self, lengths: &Lengths<B, K>) -> Tensor<(B, S::Embed), Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        let (batch, _, embed) = self.shape().dims();
        let means = self.live_parts(lengths).map(|part| match Bk::sizes(&part)[1] {
            0 => Bk::filled(num_traits::zero(), &[1, embed.size()]),
            _ => Bk::reduce(Reduce::Mean, &part, 1),
        });
        Tensor::from_parts((batch, embed), concat_rows::<Bk>(means.collect(), &[embed.size()]))
    }

    /// The same tensor with `value` in its padding: it has none any more.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 3; Embed = 1; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[2]).unwrap();
    /// let x = Tensor::ones((Batch, Ragged(Seq), Embed));
    /// let y: Tensor<(Batch, Seq, Embed)> = x.fill_padding(&lengths, 0.0);
    /// assert_eq!(y.to_vec(), [1.0, 1.0, 0.0]);
    /// ```
    pub fn fill_padding<B: Dim, K: Dim>(
        &self,
        lengths: &Lengths<B, Ragged<K>>,
        value: Bk::Elem,
    ) -> Tensor<(B, K, S::Embed), Bk>
    where
        S: Sequences<B, Ragged<K>>,
    {
        let (batch, Ragged(keys), embed) = self.shape().dims();
        let filled = self.live_parts(lengths).map(|part| {
            let padding = Bk::filled(value, &[1, keys.size() - Bk::sizes(&part)[1], embed.size()]);
            Bk::concat(&[&part, &padding], 1)
        });
        let array = concat_rows::<Bk>(filled.collect(), &[keys.size(), embed.size()]);
        Tensor::from_parts((batch, keys, embed), array)
    }

    /// For each sequence, an array `(1, length, embed)`.
    fn live_parts<B, K>(&self, lengths: &Lengths<B, K>) -> impl Iterator<Item = Bk::Array> {
        let part = |(i, &length)| Bk::narrow(&Bk::narrow(self.array(), 0, i, 1), 1, 0, length);
        lengths.lengths.iter().enumerate().map(part)
    }
}

/// Arrays one after another, of which there may be none.
fn concat_rows<Bk: Backend>(rows: Vec<Bk::Array>, row_sizes: &[usize]) -> Bk::Array {
    match rows.as_slice() {
        [] => Bk::from_elements(Vec::new(), &[&[0], row_sizes].concat()),
        _ => Bk::concat(&rows.iter().collect::<Vec<_>>(), 0),
    }
}
