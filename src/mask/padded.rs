//! Sequences of different lengths in one tensor.

use super::Lengths;
use crate::Error;
use crate::backend::{Backend, DeviceOf, Element};
use crate::cpu::Cpu;
use crate::dim::{Dim, Ragged, RuntimeDim, Unnamed};
use crate::tensor::{Create, GoesTo, Index, Tensor};
use std::fmt::{self, Debug, Formatter};

/// Sequences of different lengths in one tensor, and their lengths.
///
/// ```
/// use congruent::prelude::*;
/// use congruent::mask::longest;
/// dims! { Batch; Seq; Vocab = 100; }
/// let texts = [vec![1, 2, 3], vec![], vec![4]];
///
/// bind!(batch: Batch = texts.len(), seq: Ragged<Seq> = longest(&texts));
/// let padded = Padded::ids((batch, seq), Vocab, &texts, 0).unwrap();
/// assert_eq!(padded.values.sizes(), [3, 3]);
/// assert_eq!(padded.lengths.as_slice(), [3, 0, 1]);
/// assert_eq!(padded.to_list()[2][0].get(), 4);
/// ```
#[derive(Clone)]
pub struct Padded<B, S, T: Element, Bk: Backend<Elem = T> = Cpu<T>> {
    /// The values, and behind each sequence its padding.
    pub values: Tensor<(B, S), Bk>,
    /// How many values of each sequence are valid.
    pub lengths: Lengths<B, S>,
}

impl<B: Dim, S: Dim, T: Element, Bk: Backend<Elem = T>> Debug for Padded<B, S, T, Bk> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Padded").field("values", &self.values).field("lengths", &self.lengths).finish()
    }
}

/// The length of the longest sequence; 0 of none.
///
/// ```
/// use congruent::mask::longest;
/// assert_eq!(longest(&[vec![1, 2, 3], vec![4]]), 3);
/// ```
pub fn longest<T>(sequences: &[impl AsRef<[T]>]) -> usize {
    sequences.iter().map(|sequence| sequence.as_ref().len()).max().unwrap_or(0)
}

/// The sequences in groups to be padded one by one, so that little is calculated of padding: the position of each sequence,
/// shortest first. A padded group has at most `most` values, if it is of more than one sequence.
///
/// What a group costs is taken to be its values with their padding, and a few more for going through a model once again.
///
/// ```
/// use congruent::mask::by_length;
/// let texts = [vec![1; 30], vec![2; 4], vec![3; 31], vec![4; 5]];
/// assert_eq!(by_length(&texts, 1000), [vec![1, 3], vec![0, 2]]);
/// ```
pub fn by_length<T>(sequences: &[impl AsRef<[T]>], most: usize) -> Vec<Vec<usize>> {
    /// What another group costs, in values.
    const GROUP: usize = 16;
    let length = |position: usize| sequences[position].as_ref().len();
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by_key(|position| length(*position));
    // For the first so many sequences, the least cost, and how many of them are in the last group.
    let mut best = vec![(0, 0)];
    for (last, position) in order.iter().enumerate() {
        let fits = |count: &usize| *count == 1 || count.saturating_mul(length(*position)) <= most;
        let groups = (1..=last + 1).take_while(fits);
        let costs = groups.map(|count| (best[last + 1 - count].0 + count * length(*position) + GROUP, count));
        best.extend(costs.min());
    }
    let mut groups = Vec::new();
    while !order.is_empty() {
        groups.push(order.split_off(order.len() - best[order.len()].1));
    }
    groups.reverse();
    groups
}

impl<B: Dim, D: Dim, T: Element> Padded<B, Ragged<D>, T> {
    /// One row for each sequence, filled up with `padding`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let padded = Padded::new((Batch, Ragged(Seq)), &[vec![1.0, 2.0], vec![3.0]], 0.0)?;
    /// assert_eq!(padded.values.to_vec(), [1.0, 2.0, 0.0, 3.0, 0.0, 0.0]);
    /// assert_eq!(padded.lengths.as_slice(), [2, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There is not one for each row of the batch, or one is longer than the dimension.
    pub fn new((batch, length): (B, Ragged<D>), sequences: &[impl AsRef<[T]>], padding: T) -> Result<Self, Error> {
        let found: Vec<usize> = sequences.iter().map(|sequence| sequence.as_ref().len()).collect();
        let lengths = Lengths::new(batch, length, &found)?;
        let row = |sequence: &[T]| {
            let fill = length.size() - sequence.len();
            sequence.iter().copied().chain(std::iter::repeat_n(padding, fill)).collect::<Vec<T>>()
        };
        let values = sequences.iter().flat_map(|sequence| row(sequence.as_ref())).collect();
        Ok(Padded { values: Create::from_vec((batch, length), values)?, lengths })
    }
}

impl<B: Dim, D: Dim, T: Element, Bk: Backend<Elem = T>> Padded<B, Ragged<D>, T, Bk> {
    /// The same sequences on another engine: see [`Tensor::to_engine`].
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Vocab = 100; }
    /// let padded = Padded::ids((Batch, Ragged(Seq)), Vocab, &[vec![1, 2, 3], vec![4]], 0)?;
    /// let there: Padded<Batch, Ragged<Seq>, Index<Vocab>> = padded.to_engine::<Cpu<f32>>(&Default::default());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// The engine fails, as [`Tensor::try_to_vec`] says.
    pub fn to_engine<E: Backend>(&self, device: &DeviceOf<E>) -> Padded<B, Ragged<D>, T, T::On>
    where
        T: GoesTo<E>,
    {
        Padded { values: self.values.to_engine::<E>(device), lengths: self.lengths.clone() }
    }

    /// The valid part of each sequence.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let padded = Padded::new((Batch, Ragged(Seq)), &[vec![1.0, 2.0], vec![3.0]], 0.0)?;
    /// assert_eq!(padded.to_list(), [vec![1.0, 2.0], vec![3.0]]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn to_list(&self) -> Vec<Vec<T>> {
        let values = self.values.to_vec();
        let (_, length) = self.values.shape();
        let lengths = self.lengths.as_slice().iter().enumerate();
        lengths.map(|(row, valid)| values[row * length.size()..][..*valid].to_vec()).collect()
    }
}

impl<B: Dim, D: Dim, V: Dim> Padded<B, Ragged<D>, Index<V>> {
    /// One row of ids for each sequence, filled up with the id `padding`; each is checked against its table.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Vocab = 100; }
    /// let padded = Padded::ids((Batch, Ragged(Seq)), Vocab, &[vec![5, 6], vec![7]], 0)?;
    /// assert_eq!(padded.values.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [5, 6, 0, 7, 0, 0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Padded::new`], or an id is past the table: the error names sequence and position.
    pub fn ids(shape: (B, Ragged<D>), table: V, sequences: &[impl AsRef<[u32]>], padding: u32) -> Result<Self, Error> {
        let checked = sequences.iter().enumerate().map(|(row, sequence)| {
            let ids = sequence.as_ref().iter().enumerate();
            ids.map(|(at, &id)| Index::checked(table, id, &[row, at])).collect::<Result<Vec<_>, _>>()
        });
        Padded::new(shape, &checked.collect::<Result<Vec<_>, _>>()?, Index::new(table, padding)?)
    }
}

impl<V: Dim> Index<V> {
    /// Calls `scope` with the sequences as one tensor, whose batch and length are fresh dimensions of
    /// the sizes that the sequences have.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch; Seq; Vocab = 100; }
    /// let texts = [vec![1, 2, 3], vec![4]];
    /// let sizes = Index::pad::<Batch, Seq, _>(Vocab, &texts, 0, |padded| padded.values.sizes());
    /// assert_eq!(sizes.unwrap(), [2, 3]);
    /// ```
    ///
    /// # Errors
    /// An id is past the table.
    pub fn pad<B: RuntimeDim, S: RuntimeDim, R>(
        table: V,
        sequences: &[impl AsRef<[u32]>],
        padding: u32,
        scope: impl for<'b, 's> FnOnce(Padded<B::At<'b, Unnamed>, Ragged<S::At<'s, Unnamed>>, Index<V>>) -> R,
    ) -> Result<R, Error> {
        generativity::make_guard!(batch);
        generativity::make_guard!(length);
        let shape = (B::bind(sequences.len(), batch), Ragged(S::bind(longest(sequences), length)));
        Padded::ids(shape, table, sequences, padding).map(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_every_sequence_once_and_cost_the_least() {
        let mut rng = fastrand::Rng::with_seed(1);
        for count in 0..9 {
            let sequences: Vec<Vec<u32>> = (0..count).map(|_| vec![0; rng.usize(0..60)]).collect();
            let cost = |groups: &[Vec<usize>]| -> usize {
                let padded =
                    |group: &Vec<usize>| group.iter().map(|i| sequences[*i].len()).max().unwrap() * group.len();
                groups.iter().map(|group| padded(group) + 16).sum()
            };
            let groups = by_length(&sequences, 100);
            let mut seen: Vec<usize> = groups.concat();
            assert!(seen.is_sorted_by_key(|i| sequences[*i].len()));
            assert!(groups.iter().all(|group| group.len() == 1 || cost(std::slice::from_ref(group)) <= 116));
            let order = seen.clone();
            seen.sort();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
            // Every way to cut the order.
            for cuts in 0..1u32 << count.saturating_sub(1) {
                let mut other: Vec<Vec<usize>> = Vec::new();
                for (at, i) in order.iter().enumerate() {
                    if at == 0 || cuts >> (at - 1) & 1 == 1 {
                        other.push(Vec::new());
                    }
                    other.last_mut().unwrap().push(*i);
                }
                let allowed = other.iter().all(|group| group.len() == 1 || cost(std::slice::from_ref(group)) <= 116);
                assert!(!allowed || cost(&other) >= cost(&groups));
            }
        }
    }
}
