//! What only the elements say how much of it there is: the different ones, and where a condition holds.
//!
//! It is found first, and then gets a dimension, whose size is compared with the count.

use super::{Index, Tensor, TensorOf};
use crate::Error;
use crate::backend::{Backend, DeviceOf, Element, With};
use crate::dim::{Dim, Name};
use crate::shape::{Axis, Is, OfAllRanks, Shape, Unpadded};
use std::cmp::Ordering;

/// The different elements of a tensor: see [`Tensor::unique`].
#[derive(Clone, Debug)]
pub struct Unique<S, B: Backend> {
    shape: S,
    values: Vec<B::Elem>,
    counts: Vec<u32>,
    inverse: Vec<u32>,
    device: DeviceOf<B>,
}

/// Where a condition holds: see [`Tensor::nonzero`].
#[derive(Clone, Debug)]
pub struct Positions<S, B: Backend> {
    shape: S,
    places: Vec<usize>,
    device: DeviceOf<B>,
}

fn check<K: Dim>(dim: K, found: usize) -> Result<(), Error> {
    match dim.size() {
        size if size == found => Ok(()),
        expected => Err(Error::FoundCount { dimension: Name::<K>::new().to_string(), expected, found }),
    }
}

/// The caller has compared their number with the dimension.
fn made<B: Backend, T: Element, K: Dim>(dim: K, elements: Vec<T>, device: &DeviceOf<B>) -> TensorOf<(K,), T, B> {
    let elements = T::to_primitives(elements);
    Tensor::checked((dim,), With::<B, T>::from_elements(elements, &[dim.size()], device))
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The different elements, in ascending order. All that are NaN count as one, the largest. It waits for the elements.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 4; Kinds; }
    /// let x = Tensor::from_nested((Batch,), [3.0, 1.0, 3.0, 2.0]);
    /// let unique = x.unique()?;
    /// bind!(kinds: Kinds = unique.count());
    /// let values: Tensor<(_,)> = unique.values(kinds)?;
    /// assert_eq!(values.to_vec(), [1.0, 2.0, 3.0]);
    /// assert_eq!(unique.counts(kinds)?.to_vec(), [1, 1, 2]);
    /// // Which of the values each element is.
    /// assert_eq!(unique.inverse(kinds)?.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [2, 0, 2, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The engine failed, as [`try_to_vec`](Self::try_to_vec) says.
    #[doc(alias("unique_consecutive", "value_counts"))]
    pub fn unique<X>(&self) -> Result<Unique<S, B>, Error>
    where
        S: Is<X>,
        X: OfAllRanks + Unpadded,
        B::Elem: PartialOrd,
    {
        let elements = self.try_to_vec()?;
        let compared = |&a: &usize, &b: &usize| in_order(elements[a], elements[b]);
        let mut order: Vec<usize> = (0..elements.len()).collect();
        order.sort_by(compared);
        let (mut values, mut counts, mut inverse) = (Vec::new(), Vec::new(), vec![0; elements.len()]);
        for of_one in order.chunk_by(|a, b| compared(a, b).is_eq()) {
            of_one.iter().for_each(|&at| inverse[at] = values.len() as u32);
            values.push(elements[of_one[0]]);
            counts.push(of_one.len() as u32);
        }
        Ok(Unique { shape: self.shape, values, counts, inverse, device: self.device() })
    }
}

/// What is not even equal to itself is the largest.
#[expect(clippy::eq_op, reason = "NaN differs from itself, of whatever type it is")]
fn in_order<T: PartialOrd + Copy>(a: T, b: T) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| (a != a).cmp(&(b != b)))
}

impl<S: Shape, B: Backend> Unique<S, B> {
    /// How many there are: the size of the dimension that they are to get.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 4; }
    /// assert_eq!(Tensor::from_nested((Batch,), [3.0, 1.0, 3.0, 2.0]).unique()?.count(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// The different elements, in ascending order.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 4; Kinds; }
    /// let unique = Tensor::from_nested((Batch,), [3.0, 1.0, 3.0, 2.0]).unique()?;
    /// bind!(kinds: Kinds = unique.count());
    /// assert_eq!(unique.values(kinds)?.to_vec(), [1.0, 2.0, 3.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The dimension is not of the size that [`count`](Self::count) says.
    pub fn values<K: Dim>(&self, dim: K) -> Result<TensorOf<(K,), B::Elem, B>, Error> {
        check(dim, self.count())?;
        Ok(made::<B, _, _>(dim, self.values.clone(), &self.device))
    }

    /// How often each is there.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 4; Kinds; }
    /// let unique = Tensor::from_nested((Batch,), [3.0, 1.0, 3.0, 2.0]).unique()?;
    /// bind!(kinds: Kinds = unique.count());
    /// assert_eq!(unique.counts(kinds)?.to_vec(), [1, 1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`values`](Self::values).
    pub fn counts<K: Dim>(&self, dim: K) -> Result<TensorOf<(K,), u32, B>, Error> {
        check(dim, self.count())?;
        Ok(made::<B, _, _>(dim, self.counts.clone(), &self.device))
    }

    /// Which of them each element of the tensor is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 4; Kinds; }
    /// let x = Tensor::from_nested((Batch,), [3.0, 1.0, 3.0, 2.0]);
    /// let unique = x.unique()?;
    /// bind!(kinds: Kinds = unique.count());
    /// let of_each = unique.inverse(kinds)?;
    /// assert_eq!(unique.values(kinds)?.to_vec()[of_each.to_vec()[0].get() as usize], 3.0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`values`](Self::values).
    pub fn inverse<K: Dim>(&self, dim: K) -> Result<TensorOf<S, Index<K>, B>, Error> {
        check(dim, self.count())?;
        Ok(Index::tensor_of_positions::<S, B>(self.shape, self.inverse.iter().copied(), &self.device))
    }
}

/// # Conditions
impl<S: Shape, B: Backend<Elem = bool>> Tensor<S, B> {
    /// Where the condition holds, in row-major order. It waits for the elements.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 2; Embed = 3; Large; }
    /// let x = Tensor::from_nested((Seq, Embed), [[1.0, -2.0, 3.0], [-4.0, 5.0, 6.0]]);
    /// let found = x.greater_than(2.0).nonzero()?;
    /// bind!(large: Large = found.count());
    /// let (rows, columns): (Ids<_, Seq>, Ids<_, Embed>) = (found.along(Seq, large)?, found.along(Embed, large)?);
    /// assert_eq!(rows.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1, 1]);
    /// assert_eq!(columns.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [2, 1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The engine failed, as [`try_to_vec`](Self::try_to_vec) says.
    #[doc(alias("argwhere", "flatnonzero"))]
    pub fn nonzero<X>(&self) -> Result<Positions<S, B>, Error>
    where
        S: Is<X>,
        X: OfAllRanks + Unpadded,
    {
        let holds = self.try_to_vec()?;
        let places = holds.iter().enumerate().filter(|(_, holds)| **holds).map(|(place, _)| place).collect();
        Ok(Positions { shape: self.shape, places, device: self.device() })
    }
}

impl<S: Shape, B: Backend> Positions<S, B> {
    /// How many there are: the size of the dimension that they are to get.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let found = Tensor::from_nested((Embed,), [1.0, -2.0, 3.0]).greater_than(0.0).nonzero()?;
    /// assert_eq!(found.count(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// Where along an axis each of them is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; Positive; }
    /// let found = Tensor::from_nested((Embed,), [1.0, -2.0, 3.0]).greater_than(0.0).nonzero()?;
    /// bind!(positive: Positive = found.count());
    /// let places: Ids<_, Embed> = found.along(Embed, positive)?;
    /// assert_eq!(places.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The dimension is not of the size that [`count`](Self::count) says.
    pub fn along<D, Position, X: Dim, K: Dim>(&self, axis: D, dim: K) -> Result<TensorOf<(K,), Index<X>, B>, Error>
    where
        S: Axis<D, Position, Dim = X>,
    {
        let _ = axis;
        check(dim, self.count())?;
        let sizes = self.shape.sizes();
        let (size, inner) = (sizes.as_ref()[S::INDEX], sizes.as_ref()[S::INDEX + 1..].iter().product::<usize>());
        let positions = self.places.iter().map(|place| (place / inner % size) as u32);
        Ok(Index::tensor_of_positions::<_, B>((dim,), positions, &self.device))
    }
}
