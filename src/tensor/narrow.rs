//! Parts of an axis, and what stands at one position of it.

use super::Tensor;
use crate::Error;
use crate::backend::{ArrayOf, Backend, Engine, PrimitiveOf};
use crate::dim::{Count, Dim, GivenDim, N, Name, Never, Normal, Nothing, Picked, Whole};
use crate::sealed::Sealed;
use crate::shape::{Axis, Shape, TakenByNumber};
use typenum::{B1, IsGreaterOrEqual};

/// That a dimension is at least as large as another, known at compile time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to have room for `{Part}`",
    label = "`{Part}` may be larger than `{Self}`",
    note = "sizes that only run time knows are compared by `x.narrow(axis, 0, part)?`",
    note = "explained in `congruent::errors::C30`: https://docs.rs/congruent/latest/congruent/errors/C30/"
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

/// # Parts
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The part of an axis that begins at `start` and has the size of `part`. Where that is one rank's part, it begins there for all
    /// ranks together, and each takes its own.
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
    pub fn narrow<D, Part, Position, X, Narrowed, Given, Parent, WholeOrHalf>(
        &self,
        axis: D,
        start: usize,
        part: Given,
    ) -> Result<Tensor<Narrowed, B>, Error>
    where
        Given: GivenDim<Part>,
        S: Axis<D, Position, Dim = X, With<Part> = Narrowed>,
        X: Whole + Picked,
        Part: Dim,
        Narrowed: Shape,
        S: Axis<D, Position, With<X> = Parent>,
        Parent: TakenByNumber<Position, Part, WholeOrHalf>,
    {
        let _ = axis;
        let part = part.given();
        self.check_range::<D, Position>(start, part.whole_size())?;
        let array = if Part::IS_SHARDED {
            own_positions::<B>(&self.array, S::INDEX, start, part)
        } else {
            B::narrow(&self.array, S::INDEX, start, part.size())
        };
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
        S::Dim: Whole + Picked,
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
    pub fn at<D, Position, X, Rest, Parent, WholeOrHalf>(
        &self,
        axis: D,
        position: usize,
    ) -> Result<Tensor<Rest, B>, Error>
    where
        S: Axis<D, Position, Dim = X, Removed = Rest, With<X> = Parent>,
        X: Whole + Picked,
        Rest: Shape,
        Parent: TakenByNumber<Position, N<1>, WholeOrHalf>,
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
}

/// Of the positions from `start` on, those that this rank has.
fn own_positions<B: Backend>(x: &ArrayOf<B>, axis: usize, start: usize, part: impl Dim) -> ArrayOf<B> {
    // What all ranks have alike differs from here on: so its gradient is the sum of those of all parts.
    let axes = B::Engine::varies::<PrimitiveOf<B>>(x).and(part.mesh_axes());
    let x = B::Engine::placed::<PrimitiveOf<B>>(x.clone(), axes);
    let positions: Vec<usize> = (0..part.size()).map(|position| start + part.whole_position(position)).collect();
    let runs = positions.chunk_by(|position, next| position + 1 == *next);
    let runs: Vec<_> = runs.map(|run| B::narrow(&x, axis, run[0], run.len())).collect();
    match runs.as_slice() {
        [] => B::narrow(&x, axis, start, 0),
        [run] => run.clone(),
        _ => B::concat(&runs.iter().collect::<Vec<_>>(), axis),
    }
}
