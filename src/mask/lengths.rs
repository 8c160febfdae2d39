//! How much of each sequence is valid.

use super::{Covers, OnEngine, Restrict};
use crate::Error;
use crate::backend::{
    ArrayOf, AttentionMask, Backend, Element, Engine, MaskIn, Number, PerSequence, PrimitiveOf, Reduce,
};
use crate::dim::{Dim, GivenDim, HasNext, Name, PaddedAtEnd, Ragged, Whole};
use crate::sealed::Sealed;
use crate::shape::{Sequences, Shape};
use crate::tensor::Tensor;

/// The length of each sequence of a batch: what follows it is padding, and is not attended to.
///
/// It covers a dimension whose valid part is the first one of each sequence, [`Ragged<D>`](Ragged), and none with padding in
/// between: what is put behind padded keys has no single length. Of keys without padding, it leaves out those behind.
#[derive(Clone, Debug)]
pub struct Lengths<B, K> {
    batch: B,
    keys: K,
    lengths: PerSequence,
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
    pub fn new<X: GivenDim<B>, Y: GivenDim<K>>(batch: X, keys: Y, lengths: &[usize]) -> Result<Self, Error>
    where
        K: PaddedAtEnd,
    {
        Self::checked(batch.given(), keys.given(), lengths)
    }

    /// The caller knows what the lengths say of this dimension.
    pub(super) fn checked(batch: B, keys: K, lengths: &[usize]) -> Result<Self, Error> {
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
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch; Seq = 4; }
    /// bind!(batch: Batch = 2);
    /// assert_eq!(Lengths::new(batch, Ragged(Seq), &[4, 1])?.batch().size(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn batch(&self) -> B {
        self.batch
    }

    /// The dimension of which the lengths are parts.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert_eq!(Lengths::new(Batch, Ragged(Seq), &[4, 1])?.keys(), Ragged(Seq));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn keys(&self) -> K {
        self.keys
    }

    /// How many positions are valid, in all sequences together.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert_eq!(Lengths::new(Batch, Ragged(Seq), &[4, 1])?.total(), 5);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn total(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// How many positions of each sequence have a next one that is valid: what
    /// [`next`](crate::Tensor::next) and [`without_last`](crate::Tensor::without_last) leave.
    ///
    /// ```
    /// use congruent::dim::Next;
    /// use congruent::prelude::*;
    /// dims! { Batch = 3; Seq = 4; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[4, 1, 0])?;
    /// let next: Lengths<Batch, Ragged<Next<Seq>>> = lengths.next();
    /// assert_eq!(next.as_slice(), [3, 0, 0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn next(&self) -> Lengths<B, K::Next>
    where
        K: HasNext,
    {
        let lengths = self.lengths.iter().map(|length| length.saturating_sub(1)).collect();
        Lengths { batch: self.batch, keys: self.keys.next(), lengths }
    }

    /// How many positions of each sequence are valid among these.
    pub(crate) fn within(&self, first: usize, count: usize) -> Vec<usize> {
        self.lengths.iter().map(|length| length.saturating_sub(first).min(count)).collect()
    }

    /// The lengths.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert_eq!(Lengths::new(Batch, Ragged(Seq), &[4, 1])?.as_slice(), [4, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn as_slice(&self) -> &[usize] {
        &self.lengths
    }
}

#[diagnostic::do_not_recommend]
impl<B: Dim, Q, K: Dim> Restrict<B, Q, K> for Lengths<B, K> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<B: Dim, K: Dim, En: Engine> OnEngine<En> for Lengths<B, K> {
    type Padding = Covers;
    fn described(&self, _: &En::Device) -> MaskIn<En> {
        AttentionMask { lengths: Some(self.lengths.clone()), ..AttentionMask::default() }
    }
    fn sealed(_: Sealed) {}
}

/// # Padded sequences
///
/// What reads across padding, and knows where it is.
impl<S: Shape, Bk: Backend> Tensor<S, Bk> {
    /// The mean over the valid positions of each sequence; zeros for an empty one.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Embed = 1; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[2, 0]).unwrap();
    /// let x = Tensor::from_fn((Batch, Ragged(Seq), Embed), |[_, s, _]| s as f32);
    /// let mean: Tensor<(Batch, Embed)> = x.masked_mean(&lengths);
    /// assert_eq!(mean.to_vec(), [0.5, 0.0]);
    ///
    /// let losses = Tensor::from_fn((Batch, Ragged(Seq)), |[_, s]| s as f32);
    /// let mean: Tensor<(Batch,)> = losses.masked_mean(&lengths);
    /// ```
    pub fn masked_mean<B: Dim, K: Whole>(&self, lengths: &Lengths<B, K>) -> Tensor<S::One, Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        self.reduced(Reduce::Mean, lengths)
    }

    /// The sum over the valid positions of each sequence; zeros for an empty one.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_slice((Batch, Ragged(Seq)), &[1.0, 2.0, 999.0, 4.0, 999.0, 999.0]).unwrap();
    /// let sum: Tensor<(Batch,)> = x.masked_sum(&Lengths::new(Batch, Ragged(Seq), &[2, 1]).unwrap());
    /// assert_eq!(sum.to_vec(), [3.0, 4.0]);
    /// ```
    pub fn masked_sum<B: Dim, K: Whole>(&self, lengths: &Lengths<B, K>) -> Tensor<S::One, Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        self.reduced(Reduce::Sum, lengths)
    }

    /// The variance of the valid positions of each sequence, their mean square distance from their mean; zeros for an empty
    /// one.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_slice((Batch, Ragged(Seq)), &[1.0, 3.0, 999.0, 4.0, 999.0, 999.0]).unwrap();
    /// let variance: Tensor<(Batch,)> = x.masked_var(&Lengths::new(Batch, Ragged(Seq), &[2, 1]).unwrap());
    /// assert_eq!(variance.to_vec(), [1.0, 0.0]);
    /// ```
    pub fn masked_var<B: Dim, K: Whole>(&self, lengths: &Lengths<B, K>) -> Tensor<S::One, Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        self.reduced(Reduce::Variance, lengths)
    }

    /// The largest of the valid positions of each sequence, as by [`max`](Tensor::max): `-∞` for an empty one.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_slice((Batch, Ragged(Seq)), &[-2.0, -1.0, 999.0, -4.0, 999.0, 999.0]).unwrap();
    /// let largest: Tensor<(Batch,)> = x.masked_max(&Lengths::new(Batch, Ragged(Seq), &[2, 1]).unwrap());
    /// assert_eq!(largest.to_vec(), [-1.0, -4.0]);
    /// ```
    pub fn masked_max<B: Dim, K: Whole>(&self, lengths: &Lengths<B, K>) -> Tensor<S::One, Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        self.reduced(Reduce::Max, lengths)
    }

    /// The smallest of the valid positions of each sequence, as by [`min`](Tensor::min): `∞` for an empty one.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_slice((Batch, Ragged(Seq)), &[2.0, 1.0, -999.0, 4.0, -999.0, -999.0]).unwrap();
    /// let smallest: Tensor<(Batch,)> = x.masked_min(&Lengths::new(Batch, Ragged(Seq), &[2, 1]).unwrap());
    /// assert_eq!(smallest.to_vec(), [1.0, 4.0]);
    /// ```
    pub fn masked_min<B: Dim, K: Whole>(&self, lengths: &Lengths<B, K>) -> Tensor<S::One, Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        self.reduced(Reduce::Min, lengths)
    }

    /// The last valid position of each sequence; zeros for an empty one.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Embed = 1; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[2, 0]).unwrap();
    /// let x = Tensor::from_fn((Batch, Ragged(Seq), Embed), |[_, s, _]| s as f32);
    /// let last: Tensor<(Batch, Embed)> = x.masked_last(&lengths);
    /// assert_eq!(last.to_vec(), [1.0, 0.0]);
    /// ```
    pub fn masked_last<B: Dim, K: Whole>(&self, lengths: &Lengths<B, K>) -> Tensor<S::One, Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        let row = [&[1], &self.sizes().as_ref()[2..]].concat();
        let last = self.valid_parts(lengths).map(|part| match Bk::sizes(&part)[1] {
            0 => Bk::filled(num_traits::zero(), &row, &self.device()),
            length => Bk::reshape(&Bk::narrow(&part, 1, length - 1, 1), &row),
        });
        let shape = self.shape().one();
        Tensor::from_parts(shape, concat_rows::<Bk>(self.array(), last.collect(), shape.sizes().as_ref()))
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
    ) -> Tensor<S::With<K>, Bk>
    where
        S: Sequences<B, Ragged<K>>,
    {
        let Ragged(keys) = lengths.keys;
        let array = fill_behind::<Bk>(self.array(), &lengths.lengths, value.to_primitive());
        Tensor::from_parts(self.shape().with_positions(keys), array)
    }

    /// The valid positions of each sequence made one; zeros for the mean of none.
    fn reduced<B: Dim, K: Dim>(&self, op: Reduce, lengths: &Lengths<B, K>) -> Tensor<S::One, Bk>
    where
        S: Sequences<B, K>,
        Bk::Elem: Number,
    {
        let row = [&[1], &self.sizes().as_ref()[2..]].concat();
        let rows = self.valid_parts(lengths).map(|part| match op {
            Reduce::Mean | Reduce::Variance if Bk::sizes(&part)[1] == 0 => {
                Bk::filled(num_traits::zero(), &row, &self.device())
            }
            _ => Bk::reduce(op, &part, 1),
        });
        let shape = self.shape().one();
        Tensor::from_parts(shape, concat_rows::<Bk>(self.array(), rows.collect(), shape.sizes().as_ref()))
    }

    /// For each sequence, an array `(1, length, ..)`.
    fn valid_parts<B, K>(&self, lengths: &Lengths<B, K>) -> impl Iterator<Item = ArrayOf<Bk>> {
        let part = |(i, &length)| Bk::narrow(&Bk::narrow(self.array(), 0, i, 1), 1, 0, length);
        lengths.lengths.iter().enumerate().map(part)
    }
}

/// `x (batch, positions, ..)` with a value behind so many positions of each sequence.
pub(crate) fn fill_behind<Bk: Backend>(x: &ArrayOf<Bk>, valid: &[usize], value: PrimitiveOf<Bk>) -> ArrayOf<Bk> {
    let (sizes, device) = (Bk::sizes(x), Bk::device(x));
    let filled = valid.iter().enumerate().map(|(i, &valid)| {
        let part = Bk::narrow(&Bk::narrow(x, 0, i, 1), 1, 0, valid);
        let behind = [&[1, sizes[1] - valid], &sizes[2..]].concat();
        Bk::concat(&[&part, &Bk::filled(value, &behind, &device)], 1)
    });
    concat_rows::<Bk>(x, filled.collect(), sizes)
}

/// Arrays one after another, which were made of `x`. Of an empty batch there are none: what is made of it depends on it
/// nonetheless.
pub(super) fn concat_rows<Bk: Backend>(x: &ArrayOf<Bk>, rows: Vec<ArrayOf<Bk>>, sizes: &[usize]) -> ArrayOf<Bk> {
    match rows.as_slice() {
        [] => Bk::reshape(x, sizes),
        _ => Bk::concat(&rows.iter().collect::<Vec<_>>(), 0),
    }
}
