//! Several texts in one row.

use super::lengths::concat_rows;
use super::{Combine, Covers, Lengths, OnEngine, Restrict};
use crate::Error;
use crate::backend::{AttentionMask, Backend, Binary, Engine, Float, MaskIn, Number, With, constant};
use crate::dim::{Dim, Packed, Ragged, RuntimeDim, Unnamed};
use crate::sealed::Sealed;
use crate::shape::{SameShape, Shape};
use crate::tensor::{Ids, Index, Tensor, sum_of_chosen};
use std::sync::Arc;

/// Where the texts of each row begin and end: as a mask, each text attends to itself alone.
///
/// Texts are packed to save padding; the loss falls all the same where they attend to each other, or their positions count through
/// ([Krell et al. 2021](https://arxiv.org/abs/2107.02027)).
///
/// ```
/// use congruent::mask::Segments;
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 1; Seq = 5; HeadDim = 1; Positions = 512; }
/// // Two texts of two tokens, and one position of padding; the values of the first text are 100.
/// let segments = Segments::new(Batch, Packed(Seq), &[vec![2, 2]])?;
/// let q = Tensor::ones((Batch, Heads, Packed(Seq), HeadDim));
/// let v = Tensor::from_fn((Batch, Heads, Packed(Seq), HeadDim), |[_, _, s, _]| if s < 2 { 100.0 } else { 1.0 });
/// let y = attention(&q, &q, &v, &Causal.and(segments.clone()));
/// assert_eq!(y.to_vec(), [100.0, 100.0, 1.0, 1.0, 0.0]);
///
/// let positions = segments.positions(Positions)?;
/// assert_eq!(positions.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1, 0, 1, 0]);
/// # Ok::<(), Error>(())
/// ```
///
/// ```compile_fail,E0277
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 1; Seq = 5; HeadDim = 1; }
/// let q = Tensor::ones((Batch, Heads, Packed(Seq), HeadDim));
/// let y = attention(&q, &q, &q, &Causal);
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "cu_seqlens")]
pub struct Segments<B, K> {
    batch: B,
    keys: K,
    /// Of each row, the lengths of its texts.
    texts: Arc<[Vec<usize>]>,
}

impl<B: Dim, D: Dim> Segments<B, Packed<D>> {
    /// The lengths of the texts of each row. What follows the last text of a row is padding.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert!(Segments::new(Batch, Packed(Seq), &[vec![1, 3], vec![4]]).is_ok());
    /// assert!(Segments::new(Batch, Packed(Seq), &[vec![1, 4], vec![4]]).is_err());
    /// ```
    ///
    /// # Errors
    /// There is not one list for each row, or the texts of a row are longer than the dimension.
    pub fn new(batch: B, keys: Packed<D>, texts: &[impl AsRef<[usize]>]) -> Result<Self, Error> {
        let texts: Arc<[Vec<usize>]> = texts.iter().map(|row| row.as_ref().to_vec()).collect();
        // In one row for the batch, its texts one behind the other: the same errors as of lengths.
        let total = |row: &Vec<usize>| row.iter().fold(0, |total: usize, length| total.saturating_add(*length));
        Lengths::checked(batch, keys, &texts.iter().map(total).collect::<Vec<_>>())?;
        Ok(Segments { batch, keys, texts })
    }

    /// The batch.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert_eq!(Segments::new(Batch, Packed(Seq), &[vec![1, 3], vec![4]])?.batch(), Batch);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn batch(&self) -> B {
        self.batch
    }

    /// The dimension that the texts share.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert_eq!(Segments::new(Batch, Packed(Seq), &[vec![1, 3], vec![4]])?.keys(), Packed(Seq));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn keys(&self) -> Packed<D> {
        self.keys
    }

    /// Of each row, the lengths of its texts.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert_eq!(Segments::new(Batch, Packed(Seq), &[vec![1, 3], vec![4]])?.texts(), [vec![1, 3], vec![4]]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn texts(&self) -> &[Vec<usize>] {
        &self.texts
    }

    /// How many texts there are, in all rows together.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 4; }
    /// assert_eq!(Segments::new(Batch, Packed(Seq), &[vec![1, 3], vec![4]])?.count(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn count(&self) -> usize {
        self.texts.iter().map(Vec::len).sum()
    }

    /// For each position of a row, the text that it belongs to, where in it it stands, and how long the text is; nothing for
    /// padding.
    fn of_row(&self, row: usize) -> impl Iterator<Item = Option<(usize, usize, usize)>> {
        let texts = self.texts[row].iter().enumerate();
        let valid = texts.flat_map(|(text, &length)| (0..length).map(move |at| Some((text, at, length))));
        valid.chain(std::iter::repeat(None)).take(self.keys.size())
    }

    fn all(&self) -> impl Iterator<Item = Option<(usize, usize, usize)>> {
        (0..self.texts.len()).flat_map(|row| self.of_row(row))
    }

    /// The position of each token in its own text, as ids of a table of positions; 0 for padding.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 4; Positions = 512; }
    /// let positions = Segments::new(Batch, Packed(Seq), &[[1, 3]])?.positions(Positions)?;
    /// assert_eq!(positions.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 0, 1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// A text is longer than the table.
    pub fn positions<P: Dim>(&self, table: P) -> Result<Ids<(B, Packed<D>), P>, Error> {
        let positions: Vec<u32> = self.all().map(|token| token.map_or(0, |(_, at, _)| at as u32)).collect();
        Ids::new((self.batch, self.keys), table, &positions)
    }

    /// For each token, the one that follows it in its text: the targets of a language model. The last of a text has none, and
    /// stands for itself: [`mean_of_next`](Self::mean_of_next) leaves it out.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 4; Vocab = 10; }
    /// let ids = Ids::new((Batch, Packed(Seq)), Vocab, &[1, 2, 3, 4])?;
    /// let targets = Segments::new(Batch, Packed(Seq), &[[1, 3]])?.next_tokens(&ids);
    /// assert_eq!(targets.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 3, 4, 4]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn next_tokens<S, V: Dim, Bk>(&self, ids: &Tensor<S, Bk>) -> Tensor<S, Bk>
    where
        S: Shape + SameShape<(B, Packed<D>)>,
        Bk: Backend<Elem = Index<V>>,
    {
        let next = self.all().enumerate().map(|(i, token)| match token {
            Some((_, at, length)) if at + 1 < length => i as u32 + 1,
            _ => i as u32,
        });
        let sizes = ids.sizes();
        let next = With::<Bk, u32>::from_elements(next.collect(), sizes.as_ref(), &ids.device());
        let all = Bk::reshape(ids.array(), &[sizes.as_ref().iter().product()]);
        Tensor::from_parts(ids.shape(), Bk::gather(&all, &next))
    }

    /// The mean over all tokens; zero if there is none. Padding has no part in it, whatever it is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 4; }
    /// let segments = Segments::new(Batch, Packed(Seq), &[[1, 2]])?;
    /// let losses = Tensor::from_slice((Batch, Packed(Seq)), &[1.0, 2.0, 3.0, f32::NAN])?;
    /// assert_eq!(segments.mean(&losses).scalar(), 2.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn mean<S, Bk: Backend<Elem: Float>>(&self, losses: &Tensor<S, Bk>) -> Tensor<(), Bk>
    where
        S: Shape + SameShape<(B, Packed<D>)>,
    {
        self.mean_of(losses, |(..)| true)
    }

    /// The mean over the tokens that another one follows in their text: of the losses of a language model, whose targets are
    /// [`next_tokens`](Self::next_tokens).
    ///
    /// ```
    /// use congruent::mask::Segments;
    /// use congruent::nn::cross_entropy;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 4; Vocab = 10; }
    /// let segments = Segments::new(Batch, Packed(Seq), &[[2, 2]])?;
    /// let ids = Ids::new((Batch, Packed(Seq)), Vocab, &[1, 2, 3, 4])?;
    /// let logits = Tensor::zeros((Batch, Packed(Seq), Vocab));
    /// let targets = segments.next_tokens(&ids);
    /// assert_eq!(targets.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [2, 2, 4, 4]);
    /// let loss: Tensor<()> = segments.mean_of_next(&cross_entropy(&logits, &targets));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn mean_of_next<S, Bk: Backend<Elem: Float>>(&self, losses: &Tensor<S, Bk>) -> Tensor<(), Bk>
    where
        S: Shape + SameShape<(B, Packed<D>)>,
    {
        self.mean_of(losses, |(_, at, length)| at + 1 < length)
    }

    fn mean_of<S: Shape, Bk: Backend<Elem: Float>>(
        &self,
        losses: &Tensor<S, Bk>,
        counts: impl Fn((usize, usize, usize)) -> bool,
    ) -> Tensor<(), Bk> {
        let chosen: Vec<bool> = self.all().map(|token| token.is_some_and(&counts)).collect();
        let share = constant((chosen.iter().filter(|chosen| **chosen).count().max(1) as f64).recip());
        let chosen = With::<Bk, bool>::from_elements(chosen, losses.sizes().as_ref(), &losses.device());
        let sum = sum_of_chosen::<Bk>(losses.array(), &chosen);
        Tensor::from_parts((), Bk::binary_scalar(Binary::Mul, sum, share))
    }

    /// Each text in a row of its own, in the order of the rows, and their lengths: what is padded has means and last tokens.
    ///
    /// ```
    /// use congruent::mask::Segments;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 4; Embed = 1; Texts = 2; }
    /// let segments = Segments::new(Batch, Packed(Seq), &[[1, 3]])?;
    /// let x = Tensor::from_fn((Batch, Packed(Seq), Embed), |[_, s, _]| s as f32);
    /// let (texts, lengths) = segments.unpack(&x, Texts, Ragged(Seq))?;
    /// let means: Tensor<(Texts, Embed)> = texts.masked_mean(&lengths);
    /// assert_eq!(means.to_vec(), [0.0, 2.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The dimension of texts is not as large as there are, or one of them is longer than its dimension.
    pub fn unpack<S, E: Dim, N: Dim, L: Dim, Bk: Backend>(
        &self,
        x: &Tensor<S, Bk>,
        texts: N,
        length: Ragged<L>,
    ) -> Result<Unpacked<N, L, E, Bk>, Error>
    where
        S: Shape + SameShape<(B, Packed<D>, E)>,
        Bk::Elem: Number,
    {
        let lengths: Vec<usize> = self.texts.iter().flatten().copied().collect();
        let checked = Lengths::new(texts, length, &lengths)?;
        let shape = (texts, length, x.shape().same().2);
        let sizes = [texts.size(), length.size(), shape.2.size()];
        let mut starts = Vec::new();
        for (row, lengths) in self.texts.iter().enumerate() {
            starts.extend(lengths.iter().scan(0, |start, length| {
                let first = *start;
                *start += length;
                Some((row, first))
            }));
        }
        let parts = starts.into_iter().zip(&lengths).map(|((row, start), &valid)| {
            let part = Bk::narrow(&Bk::narrow(x.array(), 0, row, 1), 1, start, valid);
            Bk::concat(&[&part, &Bk::filled(num_traits::zero(), &[1, sizes[1] - valid, sizes[2]], &x.device())], 1)
        });
        let array = concat_rows::<Bk>(&Bk::narrow(x.array(), 0, 0, 0), parts.collect(), &sizes);
        Ok((Tensor::from_parts(shape, array), checked))
    }
}

/// Texts in rows of their own, and their lengths: see [`Segments::unpack`].
pub type Unpacked<N, L, E, Bk> = (Tensor<(N, Ragged<L>, E), Bk>, Lengths<N, Ragged<L>>);

impl<B, K> Combine for Segments<B, K> {
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<B: Dim, D: Dim> Restrict<B, Packed<D>, Packed<D>> for Segments<B, Packed<D>> {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}
impl<B: Dim, D: Dim, En: Engine> OnEngine<En> for Segments<B, Packed<D>> {
    type Padding = Covers;
    fn described(&self, device: &En::Device) -> MaskIn<En> {
        let size = self.keys.size();
        let mut allowed = Vec::with_capacity(self.texts.len() * size * size);
        for row in 0..self.texts.len() {
            let texts: Vec<Option<usize>> = self.of_row(row).map(|token| token.map(|(text, ..)| text)).collect();
            allowed.extend(texts.iter().flat_map(|query| texts.iter().map(move |key| query.is_some() && query == key)));
        }
        AttentionMask {
            lengths: Some(self.texts.iter().map(|row| row.iter().sum()).collect()),
            allowed: Some(En::Backend::<bool>::from_elements(allowed, &[self.texts.len(), size, size], device)),
            ..AttentionMask::default()
        }
    }
    fn sealed(_: Sealed) {}
}

/// Which texts go into each row of this room, each into the first one that has room for it, in the order given.
///
/// ```
/// use congruent::mask::pack;
/// assert_eq!(pack(&[5, 4, 3, 2], 8)?, [vec![0, 2], vec![1, 3]]);
/// assert_eq!(pack(&[5, 9], 8).unwrap_err().to_string(), "sequence 1 has length 9, and `room` has room for 8");
/// # Ok::<(), congruent::Error>(())
/// ```
///
/// # Errors
/// A text is longer than a row.
pub fn pack(lengths: &[usize], room: usize) -> Result<Vec<Vec<usize>>, Error> {
    let mut rows: Vec<(usize, Vec<usize>)> = Vec::new();
    for (sequence, &length) in lengths.iter().enumerate() {
        if length > room {
            return Err(Error::SequenceTooLong { sequence, length, dimension: "room".to_owned(), size: room });
        }
        match rows.iter_mut().find(|(left, _)| length <= *left) {
            Some((left, row)) => {
                *left -= length;
                row.push(sequence);
            }
            None => rows.push((room - length, vec![sequence])),
        }
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Texts in rows that several of them share.
#[derive(Clone, Debug)]
pub struct PackedTexts<B: Dim, D: Dim, V: Dim> {
    /// The ids, and behind the last text of each row its padding.
    pub values: Ids<(B, Packed<D>), V>,
    /// Where the texts begin and end.
    pub segments: Segments<B, Packed<D>>,
    /// Which of the texts stand in each row.
    pub rows: Vec<Vec<usize>>,
}

impl<V: Dim> Index<V> {
    /// Calls `scope` with the texts [packed](pack) into rows of this room, whose batch and length are fresh dimensions.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch; Seq; Vocab = 100; }
    /// let texts = [vec![1, 2, 3], vec![4], vec![5, 6]];
    /// let ids = Index::pack::<Batch, Seq, _>(Vocab, &texts, 5, 0, |packed| {
    ///     assert_eq!(packed.rows, [vec![0, 1], vec![2]]);
    ///     packed.values.to_vec()
    /// })?;
    /// assert_eq!(ids.iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 2, 3, 4, 0, 5, 6, 0, 0, 0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// A text is longer than a row, or an id is past the table.
    pub fn pack<B: RuntimeDim, S: RuntimeDim, R>(
        table: V,
        texts: &[impl AsRef<[u32]>],
        room: usize,
        padding: u32,
        scope: impl for<'b, 's> FnOnce(PackedTexts<B::At<'b, Unnamed>, S::At<'s, Unnamed>, V>) -> R,
    ) -> Result<R, Error> {
        generativity::make_guard!(batch);
        generativity::make_guard!(length);
        let lengths: Vec<usize> = texts.iter().map(|text| text.as_ref().len()).collect();
        let rows = pack(&lengths, room)?;
        let (batch, keys) = (B::bind(rows.len(), batch), Packed(S::bind(room, length)));
        let of_row = |row: &Vec<usize>| row.iter().map(|text| lengths[*text]).collect::<Vec<_>>();
        let segments = Segments::new(batch, keys, &rows.iter().map(of_row).collect::<Vec<_>>())?;
        // Each id is checked where it stands in its text, so that the error names the text.
        for (row, text) in texts.iter().enumerate() {
            text.as_ref()
                .iter()
                .enumerate()
                .try_for_each(|(at, id)| Index::checked(table, *id, &[row, at]).map(drop))?;
        }
        let mut ids = Vec::with_capacity(rows.len().saturating_mul(room));
        for (i, row) in rows.iter().enumerate() {
            ids.extend(row.iter().flat_map(|text| texts[*text].as_ref()));
            ids.resize((i + 1) * room, padding);
        }
        let values = Ids::new((batch, keys), table, &ids)?;
        Ok(scope(PackedTexts { values, segments, rows }))
    }
}
