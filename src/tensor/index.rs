//! Ids of a table, and what they choose.

use super::chosen::chosen;
use super::{CastsTo, GoesTo, SameBackend, Tensor, TensorOf};
use crate::Error;
use crate::backend::{ArrayOf, Backend, DeviceOf, Element, Proven, With};
use crate::cpu::Cpu;
use crate::dim::{Dim, Name, Picked, Table};
use crate::sealed::Sealed;
use crate::shape::{Append, Described, Given, LooksUp, Rows, Shape};
use std::cmp::Ordering;
use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// A position along the dimension `D`: an id that its table is known to have.
///
/// It is checked once, where it enters; a lookup cannot be out of range after that.
#[repr(transparent)]
pub struct Index<D> {
    position: u32,
    dim: PhantomData<fn() -> D>,
}

/// A tensor of ids of the table `D`. On the engine of another backend `B`, it is `TensorOf<S, Index<D>, B>`.
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
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Vocab = 3; }
    /// let logits = Tensor::from_nested((Batch, Vocab), [[0.0, 5.0, 1.0], [9.0, 2.0, 3.0]]);
    /// let tokens: Vec<u32> = logits.argmax(Vocab).to_vec().into_iter().map(|id| id.get()).collect();
    /// assert_eq!(tokens, [1, 0]);
    /// ```
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
        device: &DeviceOf<B>,
    ) -> TensorOf<S, Self, B> {
        let positions = positions.into_iter().collect();
        Tensor::from_parts(shape, With::<B, Self>::from_elements(positions, shape.sizes().as_ref(), device))
    }
}

#[diagnostic::do_not_recommend]
impl<D, E: Backend> GoesTo<E> for Index<D> {
    type On = With<E, Self>;
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<D, E: Backend> CastsTo<E> for Index<D> {
    type On = With<E, Self>;
    fn cast_array<B: Backend<Elem = Self, Engine = E::Engine>>(x: &ArrayOf<B>) -> ArrayOf<With<E, Self>> {
        x.clone()
    }
    fn sealed(_: Sealed) {}
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
    note = "numbers are checked against their table once, where they enter: `Ids::new(shape, table, &numbers)?`; the positions along a dimension are `Ids::positions(seq, table)?`",
    note = "of a table of which a rank has a part, `Shard<Vocab, M>`, ids are of the whole, on each rank: `Ids::new(shape, Vocab, &numbers)?`",
    note = "explained in `congruent::errors::C29`: https://docs.rs/congruent/latest/congruent/errors/C29/"
)]
pub trait IdOf<D>: Element<Primitive = u32> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D> IdOf<D> for Index<D> {
    fn sealed(_: Sealed) {}
}

impl<D> Element for Index<D> {
    type Primitive = u32;
    fn to_primitive(self) -> u32 {
        self.position
    }
    fn to_primitives(elements: Vec<Self>) -> Vec<u32> {
        elements.into_iter().map(|id| id.position).collect()
    }
    fn of_primitives(primitives: Vec<u32>, _: Proven) -> Vec<Self> {
        primitives.into_iter().map(|position| Index { position, dim: PhantomData }).collect()
    }
    fn of_slice(primitives: &[u32], _: Proven) -> &[Self] {
        // SAFETY: an `Index` is a `u32` and nothing else (`repr(transparent)`), and the same lifetime keeps both alive.
        unsafe { std::slice::from_raw_parts(primitives.as_ptr().cast(), primitives.len()) }
    }
}

/// # Making ids
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

impl<D: Dim> Ids<(D,), D> {
    /// All ids of a dimension, in order.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 3; }
    /// assert_eq!(Ids::all(Seq).to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1, 2]);
    /// ```
    ///
    /// # Panics
    /// The dimension has more positions than a `u32` counts.
    #[doc(alias = "arange")]
    pub fn all(dim: D) -> Self {
        assert!(u32::try_from(dim.size()).is_ok(), "an id is a number of 32 bits");
        let ids = (0..dim.size()).map(|position| Index::at(position as u32)).collect();
        super::Create::from_vec((dim,), ids).expect("one id for each position")
    }
}

impl<S: Dim, D: Dim> Ids<(S,), D> {
    /// The position of each along a dimension, as ids of a table of positions. Of a part that a rank has, they are those in the whole.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 3; Positions = 64; Embed = 8; }
    /// let table = Tensor::ones((Positions, Embed));
    /// let vectors: Tensor<(Seq, Embed)> = table.lookup(&Ids::positions(Seq, Positions)?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The table has fewer positions.
    #[doc(alias = "position_ids")]
    pub fn positions(dim: S, table: D) -> Result<Self, Error> {
        let position = |position| u32::try_from(dim.whole_position(position)).unwrap_or(u32::MAX);
        Self::new((dim,), table, &(0..dim.size()).map(position).collect::<Vec<_>>())
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

/// # By ids
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
    ///
    /// Of a table of which each rank has a part, `(Shard<Vocab, M>, Embed)`, the ids are of the whole, the same on all ranks along
    /// `M`. The rank that has a row gives it to the others: one message of as many numbers as the result has. Each part of the table
    /// gets the gradients of its own rows.
    ///
    /// # Panics
    /// The ids are divided along the mesh axis of the table, so that the ranks have different ones, which the compiler does not see where
    /// one of the two is generic, or made of a part; or the table is divided, and its
    /// elements are no floating-point numbers.
    #[doc(alias("index_select", "embedding", "take"))]
    pub fn lookup<S, I, C, SameOrOther>(&self, ids: &Tensor<S, C>) -> Tensor<<S as Append<E>>::Output, B>
    where
        S: Shape + Append<E> + LooksUp<D, SameOrOther>,
        I: IdOf<D::Whole>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        D: Table + Picked,
    {
        let (table, embed) = self.shape;
        let is_apart = ids.shape.mesh_axes().without(table.mesh_axes()) == ids.shape.mesh_axes();
        assert!(
            is_apart,
            "ids {} and their table `{}` are shards along one axis of the mesh: no rank has the rows of another one's ids",
            Described::new(ids.shape),
            Name::<D>::new()
        );
        let rows = chosen::<B>(table.table_part(), &ids.array, |ids| B::gather(&self.array, ids));
        Tensor::from_parts(ids.shape().append(embed), rows)
    }
}

impl<S: Shape, B: Backend> Tensor<S, B> {
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
    ///
    /// Of a dimension of which each rank has a part, `(Batch, Shard<Vocab, M>)`, the ids are of the whole, and the rank that has an
    /// element gives it to the others.
    pub fn gather<R: Shape, D, I, C>(&self, ids: &Tensor<R, C>) -> Tensor<R, B>
    where
        // What the ids are of is known by them alone, before they are compared with the shape.
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        I: IdOf<D>,
        S: Rows<R, D>,
        D: Picked,
    {
        let found = chosen::<B>(self.shape.table_part(), &ids.array, |ids| B::pick(&self.array, ids));
        Tensor::from_parts(ids.shape(), found)
    }
}
