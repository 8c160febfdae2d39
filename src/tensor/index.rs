//! Ids of a table, and the parts of an axis.

use super::{Tensor, TensorOf};
use crate::Error;
use crate::backend::{Backend, Element, Number, TableIndex};
use crate::cpu::Cpu;
use crate::dim::{Compared, Dim, GivenDim, N, Name, Never, Normal, Nothing, Packed, Picked, Ragged};
use crate::sealed::Sealed;
use crate::shape::{Append, Axis, EndsIn, Given, Rows, Shape, TakenByNumber};
use std::cmp::Ordering;
use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use typenum::{B1, IsGreaterOrEqual, UInt, UTerm};
use zerocopy::{Immutable, IntoBytes};

/// A position along the dimension `D`: an id that its table is known to have.
///
/// It is checked once, where it enters; a lookup cannot be out of range after that.
#[derive(Immutable, IntoBytes)]
#[repr(transparent)]
pub struct Index<D> {
    position: u32,
    dim: PhantomData<fn() -> D>,
}

/// A tensor of ids of the table `D`.
pub type Ids<S, D> = Tensor<S, Cpu<Index<D>>>;

impl<D: Dim> Index<D> {
    /// The id, if the dimension has such a position.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Vocab = 100; }
    /// assert_eq!(Index::new(Vocab, 99).unwrap().get(), 99);
    /// let error = Index::new(Vocab, 100).unwrap_err();
    /// assert_eq!(error.to_string(), "id 100 at position [] is not in `Vocab`, which has 100 rows");
    /// ```
    ///
    /// # Errors
    /// The dimension is not that large.
    pub fn new(dim: D, id: u32) -> Result<Self, Error> {
        Self::checked(dim, id, &[])
    }

    pub(crate) fn checked(dim: D, id: u32, position: &[usize]) -> Result<Self, Error> {
        if (id as usize) < dim.size() {
            return Ok(Index::at(id));
        }
        let table = Name::<D>::new().to_string();
        Err(Error::IdOutOfRange { table, size: dim.size(), id: id.into(), position: position.to_vec() })
    }

    /// The position.
    pub fn get(self) -> u32 {
        self.position
    }

    pub(super) fn at(position: u32) -> Self {
        Index { position, dim: PhantomData }
    }

    /// The caller has positions that the dimension has.
    pub(crate) fn tensor_of_positions<S: Shape, B: Backend>(
        shape: S,
        positions: impl IntoIterator<Item = u32>,
    ) -> TensorOf<S, Self, B> {
        let ids = positions.into_iter().map(Index::at);
        Tensor::from_parts(shape, B::With::<Self>::collect(ids, shape.sizes().as_ref()))
    }
}

impl<D> Clone for Index<D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D> Copy for Index<D> {}
impl<D> PartialEq for Index<D> {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}
impl<D> Eq for Index<D> {}
impl<D> PartialOrd for Index<D> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<D> Ord for Index<D> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.position.cmp(&other.position)
    }
}
impl<D> Hash for Index<D> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.position.hash(state);
    }
}
impl<D> Debug for Index<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.position, f)
    }
}
impl<D> Display for Index<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.position, f)
    }
}

/// That a number is known to be an id of the table `D`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an id of `{D}`",
    label = "expected `Index<{D}>`",
    note = "numbers are checked against their table once, where they enter: `Ids::new(shape, table, &numbers)?`",
    note = "explained in `congruent::errors::C29`"
)]
pub trait IdOf<D>: TableIndex {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D> IdOf<D> for Index<D> {
    fn sealed(_: Sealed) {}
}

impl<D> Element for Index<D> {}
impl<D> TableIndex for Index<D> {
    fn row(self) -> usize {
        self.position as usize
    }
    fn sealed(_: Sealed) {}
}

impl<S, D: Dim> Ids<S, D> {
    /// A tensor of row-major ids, each checked against its table.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; Vocab = 100; }
    /// let ids = Ids::new((Batch, Seq), Vocab, &[1, 2, 3, 4, 5, 6]).unwrap();
    /// let error = Ids::new((Batch, Seq), Vocab, &[1, 2, 3, 4, 999, 6]).unwrap_err();
    /// assert_eq!(error.to_string(), "id 999 at position [1, 1] is not in `Vocab`, which has 100 rows");
    /// ```
    ///
    /// # Errors
    /// Their number is not that of the shape, or one of them is past the table.
    pub fn new<X: Given<S>>(shape: X, table: D, ids: &[u32]) -> Result<Self, Error> {
        let sizes = shape.shape().sizes();
        let check = |(i, &id): (usize, &u32)| Index::checked(table, id, &position(i, sizes.as_ref()));
        let checked = ids.iter().enumerate().map(check).collect::<Result<Vec<_>, _>>()?;
        super::Create::from_vec(shape, checked)
    }
}

/// Where the `index`-th element, row-major, of these sizes stands.
fn position(mut index: usize, sizes: &[usize]) -> Vec<usize> {
    let mut position: Vec<usize> = sizes
        .iter()
        .rev()
        .map(|&size| {
            let at = index % size.max(1);
            index /= size.max(1);
            at
        })
        .collect();
    position.reverse();
    position
}

impl<D: Dim, E: Dim, B: Backend> Tensor<(D, E), B> {
    /// The row of each id: an embedding.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Vocab = 3; Embed = 2; }
    /// let table = Tensor::from_nested((Vocab, Embed), [[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]]);
    /// let ids = Ids::new((Batch,), Vocab, &[2, 0]).unwrap();
    /// let rows: Tensor<(Batch, Embed)> = table.lookup(&ids);
    /// assert_eq!(rows.to_vec(), [2.0, 2.5, 0.0, 0.5]);
    /// ```
    #[doc(alias("index_select", "embedding", "take"))]
    pub fn lookup<S, I: IdOf<D>>(&self, ids: &TensorOf<S, I, B>) -> Tensor<<S as Append<E>>::Output, B>
    where
        S: Shape + Append<E>,
        D: Picked,
    {
        Tensor::from_parts(ids.shape().append(self.shape.1), B::gather(&self.array, &ids.array))
    }
}

/// That a dimension is at least as large as another, known at compile time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to have room for `{Part}`",
    label = "`{Part}` may be larger than `{Self}`",
    note = "sizes that only run time knows are compared by `x.narrow(axis, 0, part)?`",
    note = "explained in `congruent::errors::C30`"
)]
pub trait AtLeast<Part>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
// Padding counts: what may not be taken of it is said by `Picked`, and not here as well.
#[diagnostic::do_not_recommend]
impl<D, Part> AtLeast<Part> for D
where
    D: Normal<Size: Count<Number: IsGreaterOrEqual<<Part::Size as Count>::Number, Output = B1>>>,
    Part: Normal<Size: Count>,
{
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<D: Dim> AtLeast<Never> for D {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<D: Dim> AtLeast<Nothing> for D {
    fn sealed(_: Sealed) {}
}

/// A size in its normal form that is a number, for all that is known of the positions.
trait Count {
    type Number;
}
impl Count for UTerm {
    type Number = Self;
}
impl<U, B> Count for UInt<U, B> {
    type Number = Self;
}
impl<Size: Count> Count for Ragged<Size> {
    type Number = Size::Number;
}
impl<Size: Count> Count for Packed<Size> {
    type Number = Size::Number;
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The part of an axis that begins at `start` and has the size of `part`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Positions = 512; Embed = 2; Seq; }
    /// let table = Tensor::ones((Positions, Embed));
    /// bind!(seq: Seq = 20);
    /// let positions: Tensor<(_, Embed)> = table.narrow(Positions, 0, seq).unwrap();
    /// assert!(table.narrow(Positions, 500, seq).is_err());
    /// ```
    ///
    /// Of `Plus<D, D>`, as of a batch that is doubled for guidance, `N<2>` neighbours do not compile, nor one position by
    /// [`at`](Tensor::at): what belongs together stands a whole `D` apart. [`unconcat`](Tensor::unconcat) gives both halves.
    ///
    /// ```compile_fail,E0283
    /// use congruent::prelude::*;
    /// dims! { Batch = 4; Embed = 2; }
    /// Tensor::ones((Plus(Batch, Batch), Embed)).at(Plus(Batch, Batch), 1);
    /// ```
    ///
    /// # Errors
    /// The axis ends before the part does.
    #[doc(alias("slice", "slice_axis"))]
    pub fn narrow<D, Part, Position, X, Narrowed, Given, Whole, WholeOrHalf>(
        &self,
        axis: D,
        start: usize,
        part: Given,
    ) -> Result<Tensor<Narrowed, B>, Error>
    where
        Given: GivenDim<Part>,
        S: Axis<D, Position, Dim = X, With<Part> = Narrowed>,
        X: Picked,
        Part: Dim,
        Narrowed: Shape,
        S: Axis<D, Position, With<X> = Whole>,
        Whole: TakenByNumber<Position, Part, WholeOrHalf>,
    {
        let _ = axis;
        let part = part.given();
        self.check_range::<D, Position>(start, part.size())?;
        let array = B::narrow(&self.array, S::INDEX, start, part.size());
        Ok(Tensor::from_parts(self.shape.with(part), array))
    }

    /// The first part of an axis, by sizes known at compile time.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Positions = 512; Seq = 20; Embed = 2; }
    /// let table = Tensor::ones((Positions, Embed));
    /// let positions: Tensor<(Seq, Embed)> = table.prefix(Positions, Seq);
    /// ```
    pub fn prefix<D, Part, Position, Narrowed>(&self, axis: D, part: Part) -> Tensor<Narrowed, B>
    where
        S: Axis<D, Position, With<Part> = Narrowed>,
        S::Dim: Picked,
        S::Dim: AtLeast<Part>,
        Part: Dim,
        Narrowed: Shape,
    {
        let _ = axis;
        Tensor::from_parts(self.shape.with(part), B::narrow(&self.array, S::INDEX, 0, part.size()))
    }

    /// The tensor at one position of an axis.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 2; Embed = 3; }
    /// let x = Tensor::from_nested((Seq, Embed), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.at(Seq, 1).unwrap().to_vec(), [4.0, 5.0, 6.0]);
    /// assert!(x.at(Seq, 2).is_err());
    /// ```
    ///
    /// # Errors
    /// The axis has no such position.
    #[doc(alias("squeeze", "index_axis"))]
    pub fn at<D, Position, X, Rest, Whole, WholeOrHalf>(
        &self,
        axis: D,
        position: usize,
    ) -> Result<Tensor<Rest, B>, Error>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest, With<X> = Whole>,
        X: Picked,
        Rest: Shape,
        Whole: TakenByNumber<Position, N<1>, WholeOrHalf>,
    {
        let _ = axis;
        self.check_range::<D, Position>(position, 1)?;
        Ok(self.at_checked::<D, Position>(position))
    }

    /// The caller knows that the axis has this position.
    pub(super) fn at_checked<D, Position>(&self, position: usize) -> Tensor<S::Removed, B>
    where
        S: Axis<D, Position>,
    {
        let shape = self.shape.removed();
        let array = B::narrow(&self.array, S::INDEX, position, 1);
        Tensor::from_parts(shape, B::reshape(&array, shape.sizes().as_ref()))
    }

    fn check_range<D, Position>(&self, start: usize, length: usize) -> Result<(), Error>
    where
        S: Axis<D, Position>,
    {
        let size = self.shape.dim().size();
        if start.checked_add(length).is_some_and(|end| end <= size) {
            return Ok(());
        }
        Err(Error::RangeOutOfBounds { dimension: Name::<S::Dim>::new().to_string(), size, start, length })
    }

    /// From the last dimension of each row, the element that an id names.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Vocab = 3; }
    /// let logits = Tensor::from_nested((Batch, Vocab), [[0.0, 5.0, 1.0], [9.0, 2.0, 3.0]]);
    /// let targets = Ids::new((Batch,), Vocab, &[1, 2]).unwrap();
    /// let chosen: Tensor<(Batch,)> = logits.gather(&targets);
    /// assert_eq!(chosen.to_vec(), [5.0, 3.0]);
    /// ```
    pub fn gather<R: Shape, D: Picked>(&self, ids: &TensorOf<R, Index<D>, B>) -> Tensor<R, B>
    where
        S: Rows<R, D>,
    {
        let size = self.sizes().as_ref()[S::RANK - 1];
        let rows = B::With::<Index<D>>::to_vec(&ids.array).into_iter().enumerate();
        let places: Vec<usize> = rows.map(|(row, id)| row * size + id.row()).collect();
        let places = <B::With<usize> as Backend>::from_elements(places, ids.sizes().as_ref());
        let elements = B::reshape(&self.array, &[self.shape.elements()]);
        Tensor::from_parts(ids.shape(), B::gather(&elements, &places))
    }

    /// The largest elements of the last dimension, largest first, and their ids. Of equals the first
    /// comes first.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Vocab = 4; Top = 2; }
    /// let logits = Tensor::from_nested((Vocab,), [0.5, 3.0, 1.0, 2.0]);
    /// let (values, ids) = logits.top_k(Vocab, Top).unwrap();
    /// assert_eq!(values.to_vec(), [3.0, 2.0]);
    /// assert_eq!(ids.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 3]);
    /// ```
    ///
    /// # Errors
    /// The dimension is smaller than `k`.
    #[doc(alias("topk", "sort"))]
    pub fn top_k<D: Compared, K: Dim>(
        &self,
        axis: D,
        k: K,
    ) -> Result<(Tensor<S::With<K>, B>, TensorOf<S::With<K>, Index<D>, B>), Error>
    where
        S: EndsIn<D>,
        B::Elem: Number,
    {
        if k.size() > axis.size() {
            let dimension = Name::<D>::new().to_string();
            return Err(Error::RangeOutOfBounds { dimension, size: axis.size(), start: 0, length: k.size() });
        }
        let shape = self.shape.with_end(k);
        let (values, positions) = B::top_k(&self.array, k.size());
        let ids = Index::tensor_of_positions::<_, B>(shape, B::With::<u32>::to_vec(&positions));
        Ok((Tensor::from_parts(shape, values), ids))
    }
}
