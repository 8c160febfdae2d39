//! Pieces of an axis, each of a length of its own: joined to a declared total, and cut from it.

use super::Tensor;
use crate::Error;
use crate::backend::{ArrayOf, Backend};
use crate::cpu::Cpu;
use crate::dim::{Dim, GivenDim, Name, Picked, Whole};
use crate::shape::{Axis, Shape};
use std::fmt::{self, Debug, Formatter};

/// A tensor that has a length along one axis, and no dimension for it: one of a list of tensors whose lengths differ.
///
/// In its shape [`AnyLength`] stands for that axis: `Piece<(AnyLength, Embed)>`. So the pieces of a list are of one type and outlive the
/// scopes in which their lengths were bound. They are [joined](Self::concat) along a dimension that they make together, and
/// [`pieces`](Tensor::pieces) cuts a tensor so. A piece is calculated with after its length got a dimension, by
/// [`along`](Self::along).
///
/// ```
/// use congruent::prelude::*;
/// use congruent::Piece;
/// dims! { Text; All; Embed = 3; }
/// let mut list = Vec::new();
/// for length in [4, 1, 2] {
///     bind!(text: Text = length);
///     list.push(Tensor::full((text, Embed), length as f32).piece(text));
/// }
/// bind!(all: All = list.iter().map(Piece::size).sum());
/// let x: Tensor<(_, Embed)> = Piece::concat(all, &list)?;
/// assert_eq!(x.sizes(), [7, 3]);
///
/// // And back, in the same order.
/// for piece in x.pieces(all, &[4, 1, 2])? {
///     bind!(text: Text = piece.size());
///     let mean: Tensor<(Embed,)> = piece.along(text)?.mean(text);
///     assert_eq!(mean.to_vec(), [text.size() as f32; 3]);
/// }
///
/// bind!(other: All = 8);
/// let error = Piece::concat(other, &list).unwrap_err();
/// assert_eq!(error.to_string(), "`All` has 8 positions, and the 3 pieces along it have 7 together");
/// # Ok::<(), Error>(())
/// ```
pub struct Piece<S, B: Backend = Cpu<f32>> {
    shape: S,
    axis: usize,
    array: ArrayOf<B>,
}

/// The axis of a [`Piece`] along which it has a length and no dimension. No tensor has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyLength(());

#[diagnostic::do_not_recommend]
// SAFETY: the size of all its values.
unsafe impl Dim for AnyLength {
    fn size(self) -> usize {
        0
    }
    fn write_name(f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("AnyLength")
    }
}

impl<S: Shape, B: Backend> Piece<S, B> {
    /// How long it is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Text; Embed = 3; }
    /// bind!(text: Text = 4);
    /// assert_eq!(Tensor::ones((text, Embed)).piece(text).size(), 4);
    /// ```
    pub fn size(&self) -> usize {
        B::sizes(&self.array)[self.axis]
    }

    /// The tensor, with a dimension for its length.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Text; Other; }
    /// bind!(text: Text = 3);
    /// let piece = Tensor::arange(text).piece(text);
    /// bind!(other: Other = piece.size());
    /// assert_eq!(piece.along(other)?.sum(other).scalar(), 3.0);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The dimension is of another size.
    pub fn along<D, Position, Whole>(&self, dim: impl GivenDim<D>) -> Result<Tensor<Whole, B>, Error>
    where
        S: Axis<AnyLength, Position, With<D> = Whole>,
        D: Dim,
        Whole: Shape,
    {
        let dim = dim.given();
        compared(dim, [self.size()].into_iter())?;
        Ok(Tensor::from_parts(self.shape.with(dim), self.array.clone()))
    }

    /// Pieces one behind the other, along a dimension that is as long as they are together.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::Piece;
    /// dims! { Short = 1; Long = 2; All = 3; }
    /// let pieces = [Tensor::zeros((Short,)).piece(Short), Tensor::ones((Long,)).piece(Long)];
    /// let all: Tensor<(All,)> = Piece::concat(All, &pieces)?;
    /// assert_eq!(all.to_vec(), [0.0, 1.0, 1.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// It is not, or there is no piece; the error names both sizes.
    #[doc(alias("cat", "concatenate"))]
    pub fn concat<D, Position, Whole>(total: impl GivenDim<D>, pieces: &[Self]) -> Result<Tensor<Whole, B>, Error>
    where
        S: Axis<AnyLength, Position, With<D> = Whole>,
        D: Dim,
        Whole: Shape,
    {
        let total = total.given();
        compared(total, pieces.iter().map(Self::size))?;
        let first = pieces.first().ok_or_else(|| sizes_error(total, 0, 0))?;
        let arrays: Vec<&ArrayOf<B>> = pieces.iter().map(|piece| &piece.array).collect();
        Ok(Tensor::from_parts(first.shape.with(total), B::concat(&arrays, first.axis)))
    }
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// This tensor as one of a list whose lengths along an axis differ: see [`Piece`]. Its padding, if it has any there, is filled
    /// before.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{AnyLength, Piece};
    /// dims! { Text; Embed = 3; }
    /// let pieces: Vec<Piece<(AnyLength, Embed)>> = [4, 2].into_iter().map(|length| {
    ///     bind!(text: Text = length);
    ///     Tensor::ones((text, Embed)).piece(text)
    /// }).collect();
    /// assert_eq!(pieces[1].size(), 2);
    /// ```
    pub fn piece<D, Position, X, Part>(&self, axis: D) -> Piece<Part, B>
    where
        S: Axis<D, Position, Dim = X, With<AnyLength> = Part>,
        X: Whole + Picked,
        Part: Shape,
    {
        let _ = axis;
        Piece { shape: self.shape.with(AnyLength(())), axis: S::INDEX, array: self.array.clone() }
    }

    /// The pieces of these lengths that an axis is made of, from its begin to its end: see [`Piece`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { All = 4; Part; }
    /// let pieces = Tensor::arange(All).pieces(All, &[1, 3])?;
    /// bind!(part: Part = pieces[1].size());
    /// assert_eq!(pieces[1].along(part)?.to_vec(), [1.0, 2.0, 3.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The lengths are together not as long as the axis.
    #[doc(alias("split", "split_with_sizes", "tensor_split"))]
    pub fn pieces<D, Position, X, Part>(&self, axis: D, lengths: &[usize]) -> Result<Vec<Piece<Part, B>>, Error>
    where
        S: Axis<D, Position, Dim = X, With<AnyLength> = Part>,
        X: Whole + Picked,
        Part: Shape,
    {
        let _ = axis;
        compared(self.shape.dim(), lengths.iter().copied())?;
        let (shape, axis) = (self.shape.with(AnyLength(())), S::INDEX);
        let mut start = 0;
        let cut = |&length: &usize| {
            let array = B::narrow(&self.array, axis, start, length);
            start += length;
            Piece { shape, axis, array }
        };
        Ok(lengths.iter().map(cut).collect())
    }
}

/// Whether the lengths are together the size of the dimension.
fn compared<D: Dim>(dim: D, lengths: impl ExactSizeIterator<Item = usize>) -> Result<(), Error> {
    let pieces = lengths.len();
    let found = lengths.fold(0, usize::saturating_add);
    if found == dim.size() { Ok(()) } else { Err(sizes_error(dim, pieces, found)) }
}

fn sizes_error<D: Dim>(dim: D, pieces: usize, found: usize) -> Error {
    Error::PieceSizes { dimension: Name::<D>::new().to_string(), expected: dim.size(), pieces, found }
}

impl<S: Copy, B: Backend> Clone for Piece<S, B> {
    fn clone(&self) -> Self {
        Piece { array: self.array.clone(), ..*self }
    }
}

impl<S: Shape, B: Backend> Debug for Piece<S, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece").field("size", &self.size()).field("shape", &self.shape).finish_non_exhaustive()
    }
}
