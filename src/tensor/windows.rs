//! Windows along an axis, and axes turned, padded and repeated.

use super::{AtLeast, Tensor};
use crate::Error;
use crate::backend::{ArrayOf, Backend, Element, With};
use crate::dim::{Counted, Dim, N, Name, Picked, Plus, Times, Whole};
use crate::sealed::Sealed;
use crate::shape::{Axis, Shape, SplitAxis};

/// That an axis `D` has so many windows of a size, each a step behind the last, known at compile time.
#[diagnostic::on_unimplemented(
    message = "`{D}` is not known to have `{Windows}` windows of `{Size}` in steps of `{Self}`",
    label = "the last window would end behind `{D}`, or one more would fit",
    note = "the last window begins a step for each of the others behind the first: 10 positions have 4 windows of 4 in steps of 2",
    note = "sizes that only run time knows are compared by `x.try_unfold(axis, windows, size, step)?`",
    note = "explained in `congruent::errors::C90`: https://docs.rs/congruent/latest/congruent/errors/C90/"
)]
pub trait StepOf<D, Windows, Size>: Dim {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
// Both sides are a step longer, so that nothing is subtracted. Padding counts: what may not be read of it is said by others.
#[diagnostic::do_not_recommend]
impl<D: Dim, Windows: Dim, Size: Dim, Step: Dim> StepOf<D, Windows, Size> for Step
where
    Plus<Counted<D>, Step>: AtLeast<Plus<Times<Counted<Windows>, Step>, Size>>,
    Plus<Times<Counted<Windows>, Step>, Size>: AtLeast<Plus<Counted<D>, N<1>>>,
{
    fn sealed(_: Sealed) {}
}

/// # More of an axis, windows
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The windows along an axis, each `step` positions behind the last: all that fit, by sizes known at compile time. The axis
    /// becomes two, the windows and the positions in each.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Time = 7; Frames = 3; Frame = 3; }
    /// let signal = Tensor::from_fn((Time,), |[t]| t as f32);
    /// let frames: Tensor<(Frames, Frame)> = signal.unfold(Time, Frames, Frame, N::<2>);
    /// assert_eq!(frames.to_vec(), [0.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 6.0]);
    /// ```
    #[doc(alias("sliding_window_view", "frame", "stft", "as_strided"))]
    pub fn unfold<D, Position, X, Windows: Dim, Size: Dim, Step, Unfolded>(
        &self,
        axis: D,
        windows: Windows,
        size: Size,
        step: Step,
    ) -> Tensor<Unfolded, B>
    where
        S: Axis<D, Position, Dim = X>,
        X: Whole + Picked,
        Step: StepOf<X, Windows, Size>,
        S: SplitAxis<Position, Output<Windows, Size> = Unfolded>,
        Unfolded: Shape,
    {
        let _ = axis;
        self.windows::<D, Position, _, _, _>(windows, size, step.size())
    }

    /// As [`unfold`](Self::unfold), of sizes that are compared now.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Time; Frames; Frame = 3; }
    /// bind!(time: Time = 8, frames: Frames = 3, more: Frames = 4);
    /// let signal = Tensor::from_fn((time,), |[t]| t as f32);
    /// let windows: Tensor<(_, Frame)> = signal.try_unfold(time, frames, Frame, 2)?;
    /// assert_eq!(windows.to_vec(), [0.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 6.0]);
    /// let error = signal.try_unfold(time, more, Frame, 2).unwrap_err();
    /// assert_eq!(error.to_string(), "`Time` is 8 and has 3 windows of 3 in steps of 2, and `Frames` is 4");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of windows fits, or the step is 0.
    pub fn try_unfold<D, Position, X: Whole + Picked, Windows: Dim, Size: Dim, Unfolded>(
        &self,
        axis: D,
        windows: Windows,
        size: Size,
        step: usize,
    ) -> Result<Tensor<Unfolded, B>, Error>
    where
        S: Axis<D, Position, Dim = X>,
        S: SplitAxis<Position, Output<Windows, Size> = Unfolded>,
        Unfolded: Shape,
    {
        let _ = axis;
        let length = self.shape.dim().size();
        if step == 0 {
            return Err(Error::Setting { setting: "step", expected: "at least 1", found: step.to_string() });
        }
        let fitting = length.checked_sub(size.size()).map_or(0, |left| left / step + 1);
        if windows.size() != fitting {
            return Err(Error::WindowCount {
                dimension: Name::<X>::new().to_string(),
                length,
                padding: 0,
                size: size.size(),
                step,
                dilation: 1,
                fitting,
                windows: Name::<Windows>::new().to_string(),
                found: windows.size(),
            });
        }
        Ok(self.windows::<D, Position, _, _, _>(windows, size, step))
    }

    /// The caller knows that these windows lie inside.
    fn windows<D, Position, Windows: Dim, Size: Dim, Unfolded>(
        &self,
        windows: Windows,
        size: Size,
        step: usize,
    ) -> Tensor<Unfolded, B>
    where
        S: Axis<D, Position>,
        S: SplitAxis<Position, Output<Windows, Size> = Unfolded>,
        Unfolded: Shape,
    {
        let axis = <S as Axis<D, Position>>::INDEX;
        let of_window = |window| (0..size.size()).map(move |at| window * step + at);
        let positions = (0..windows.size()).flat_map(of_window).collect();
        let array = taken::<B>(&self.array, axis, positions, &[windows.size(), size.size()]);
        Tensor::from_parts(SplitAxis::split(self.shape, windows, size), array)
    }

    /// The positions of an axis in the opposite order.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_nested((Batch, Seq), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.flip(Seq).to_vec(), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
    /// ```
    #[doc(alias("fliplr", "flipud", "reverse", "rev"))]
    pub fn flip<D, Position, X: Whole + Picked>(&self, axis: D) -> Self
    where
        S: Axis<D, Position, Dim = X>,
    {
        let _ = axis;
        let size = self.shape.dim().size();
        let array = taken::<B>(&self.array, S::INDEX, (0..size).rev().collect(), &[size]);
        Tensor::from_parts(self.shape, array)
    }

    /// The positions of an axis moved so far towards its end, where they go on from its beginning; towards its beginning, if
    /// the number is negative.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let x = Tensor::from_nested((Batch, Seq), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.roll(Seq, 1).to_vec(), [3.0, 1.0, 2.0, 6.0, 4.0, 5.0]);
    /// assert_eq!(x.roll(Seq, -1).to_vec(), [2.0, 3.0, 1.0, 5.0, 6.0, 4.0]);
    /// ```
    #[doc(alias("rotate", "shift"))]
    pub fn roll<D, Position, X: Whole + Picked>(&self, axis: D, by: isize) -> Self
    where
        S: Axis<D, Position, Dim = X>,
    {
        let _ = axis;
        let size = self.shape.dim().size();
        // Sizes of arrays are numbers of `isize`.
        let moved = by.rem_euclid(size.max(1) as isize) as usize;
        let part = |start, len| B::narrow(&self.array, S::INDEX, start, len);
        let array = B::concat(&[&part(size - moved, moved), &part(0, size - moved)], S::INDEX);
        Tensor::from_parts(self.shape, array)
    }

    /// The axis with so many positions of one value before it and behind it.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Time = 3; Padded = 6; }
    /// let x = Tensor::ones((Time,));
    /// let y: Tensor<(Plus<Plus<N<1>, Time>, N<2>>,)> = x.pad(Time, N::<1>, N::<2>, 0.0);
    /// assert_eq!(y.to_vec(), [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    /// let named: Tensor<(Padded,)> = y.relabel(At::<0>, Padded);
    /// ```
    #[doc(alias("pad_with_zeros", "constant_pad"))]
    pub fn pad<D, Position, X, Before: Dim, After: Dim, Padded>(
        &self,
        axis: D,
        before: Before,
        after: After,
        value: B::Elem,
    ) -> Tensor<Padded, B>
    where
        S: Axis<D, Position, Dim = X, With<Plus<Plus<Before, X>, After>> = Padded>,
        X: Dim,
        Padded: Shape,
    {
        let _ = axis;
        let added = |size| {
            let mut sizes = self.sizes().as_ref().to_vec();
            sizes[S::INDEX] = size;
            B::filled(value.to_primitive(), &sizes, &self.device())
        };
        let array = B::concat(&[&added(before.size()), &self.array, &added(after.size())], S::INDEX);
        Tensor::from_parts(self.shape.with(Plus(Plus(before, self.shape.dim()), after)), array)
    }

    /// All of an axis, so many times one after another.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 2; }
    /// let x = Tensor::from_nested((Seq,), [1.0, 2.0]);
    /// let y: Tensor<(Times<N<3>, Seq>,)> = x.repeat(Seq, N::<3>);
    /// assert_eq!(y.to_vec(), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    /// ```
    #[doc(alias("tile", "repeat_dim"))]
    pub fn repeat<D, Position, X: Dim, Count: Dim, Repeated>(&self, axis: D, count: Count) -> Tensor<Repeated, B>
    where
        S: Axis<D, Position, Dim = X, With<Times<Count, X>> = Repeated>,
        Repeated: Shape,
    {
        let _ = axis;
        let array = repeated::<B>(&self.array, S::INDEX, count.size());
        let shape = self.shape.with(Times(count, self.shape.dim()));
        Tensor::from_parts(shape, B::reshape(&array, shape.sizes().as_ref()))
    }

    /// Each position of an axis so many times: as key heads are for the query heads that share them.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { KeyHeads = 2; Group = 3; }
    /// let x = Tensor::from_nested((KeyHeads,), [1.0, 2.0]);
    /// let y: Tensor<(Times<KeyHeads, Group>,)> = x.repeat_interleave(KeyHeads, Group);
    /// assert_eq!(y.to_vec(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    /// ```
    #[doc(alias("repeat_kv", "repeat_each"))]
    pub fn repeat_interleave<D, Position, X: Dim, Count: Dim, Repeated>(
        &self,
        axis: D,
        count: Count,
    ) -> Tensor<Repeated, B>
    where
        S: Axis<D, Position, Dim = X, With<Times<X, Count>> = Repeated>,
        Repeated: Shape,
    {
        let _ = axis;
        let array = repeated::<B>(&self.array, S::INDEX + 1, count.size());
        let shape = self.shape.with(Times(self.shape.dim(), count));
        Tensor::from_parts(shape, B::reshape(&array, shape.sizes().as_ref()))
    }
}

/// The array so many times along a new axis.
fn repeated<B: Backend>(x: &ArrayOf<B>, axis: usize, count: usize) -> ArrayOf<B> {
    let mut sizes = B::sizes(x).to_vec();
    sizes.insert(axis, 1);
    let column = B::reshape(x, &sizes);
    sizes[axis] = count;
    B::broadcast(&column, &sizes)
}

/// What stands at these positions of an axis, in place of which come axes of the sizes `at`.
pub(super) fn taken<B: Backend>(x: &ArrayOf<B>, axis: usize, positions: Vec<usize>, at: &[usize]) -> ArrayOf<B> {
    let rank = B::sizes(x).len();
    let mut first: Vec<usize> = (0..rank).collect();
    first[..=axis].rotate_right(1);
    let ids =
        positions.into_iter().map(|position| u32::try_from(position).expect("fewer than 2³² positions")).collect();
    let ids = With::<B, u32>::from_elements(ids, at, &B::device(x));
    let found = B::gather(&B::permute(x, &first), &ids);
    let mut order: Vec<usize> = (0..rank - 1 + at.len()).collect();
    order[..axis + at.len()].rotate_left(at.len());
    B::permute(&found, &order)
}
