//! Pooling: one number of each window.

use super::convolution::{as_images, behind_channels};
use super::sliding::check;
use super::{CountsWindows, PerAxis, Sliding, Tensor};
use crate::Error;
use crate::backend::{ArrayOf, Backend, Float, Reduce, Windows, constant};
use crate::dim::{Whole, Windowed};
use crate::shape::{Shape, Slide};

/// Pooling along one axis, of `(Batch, Channels, Length)`, and along two, of `(Batch, Channels, Height, Width)`.
impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// The largest of each window; NaN if any is. `out` names how many windows there are, which is checked at compile time; for
    /// two axes it is a pair, and the size of a window one dimension or a pair. Padding is below every number, and a window
    /// of nothing else gives -∞. Of equals, each has a share of the gradient, which PyTorch gives to the first.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Channels = 1; Height = 4; Width = 6; Side = 2; Rows = 2; Columns = 3; }
    /// let x = Tensor::from_fn((Batch, Channels, Height, Width), |[_, _, y, x]| (6 * y + x) as f32);
    /// let y: Tensor<(Batch, Channels, Rows, Columns)> =
    ///     x.max_pool(Side, (Rows, Columns), Sliding::default().stride(Side));
    /// assert_eq!(y.to_vec(), [7.0, 9.0, 11.0, 19.0, 21.0, 23.0]);
    /// ```
    #[doc(alias("max_pool1d", "max_pool2d", "MaxPool2d"))]
    pub fn max_pool<Kernel, Out, Stride, Padding, Dilation, Pooled>(
        &self,
        kernel: Kernel,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation>,
    ) -> Tensor<Pooled, B>
    where
        S: Slide<Out, Slid = Pooled>,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Out: CountsWindows<S::Lengths, Kernel, Stride, Padding, Dilation>,
        Kernel: PerAxis<Out>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Pooled: Shape,
    {
        let shape = self.shape.slid(out);
        self.pooled(Reduce::Max, windows::<_, Out, _, _, _, _>(sliding, kernel, shape), shape)
    }

    /// As [`max_pool`](Self::max_pool), of sizes that are compared now.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Channels = 2; Time; Frames; }
    /// bind!(time: Time = 7, frames: Frames = 3, more: Frames = 4);
    /// let x = Tensor::ones((Batch, Channels, time));
    /// let y = x.try_max_pool(3, frames, Sliding::default().stride(2))?;
    /// assert_eq!(y.to_vec(), [1.0; 6]);
    /// assert!(x.try_max_pool(3, more, Sliding::default().stride(2)).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of windows fits, or a stride or a dilation is 0.
    pub fn try_max_pool<Kernel, Out, Stride, Padding, Dilation, Pooled>(
        &self,
        kernel: Kernel,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation>,
    ) -> Result<Tensor<Pooled, B>, Error>
    where
        S: Slide<Out, Slid = Pooled>,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Kernel: PerAxis<Out>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Pooled: Shape,
    {
        let shape = self.shape.slid(out);
        let windows = windows::<_, Out, _, _, _, _>(sliding, kernel, shape);
        check::<_, Pooled>(self.shape, &windows)?;
        Ok(self.pooled(Reduce::Max, windows, shape))
    }

    /// The mean of each window, as [`max_pool`](Self::max_pool) has the largest. Padding counts, and is zero.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Channels = 1; Time = 6; Frames = 3; }
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[1.0, 3.0, 2.0, 4.0, 0.0, 8.0]]]);
    /// let y: Tensor<(Batch, Channels, Frames)> = x.avg_pool(N::<2>, Frames, Sliding::default().stride(N::<2>));
    /// assert_eq!(y.to_vec(), [2.0, 3.0, 4.0]);
    /// ```
    #[doc(alias("avg_pool1d", "avg_pool2d", "AvgPool2d", "mean_pool"))]
    pub fn avg_pool<Kernel, Out, Stride, Padding, Dilation, Pooled>(
        &self,
        kernel: Kernel,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation>,
    ) -> Tensor<Pooled, B>
    where
        S: Slide<Out, Slid = Pooled>,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Out: CountsWindows<S::Lengths, Kernel, Stride, Padding, Dilation>,
        Kernel: PerAxis<Out>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Pooled: Shape,
    {
        let shape = self.shape.slid(out);
        self.pooled(Reduce::Mean, windows::<_, Out, _, _, _, _>(sliding, kernel, shape), shape)
    }

    /// As [`avg_pool`](Self::avg_pool), of sizes that are compared now.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Channels = 2; Time; Frames; }
    /// bind!(time: Time = 7, frames: Frames = 4);
    /// let x = Tensor::ones((Batch, Channels, time));
    /// let y = x.try_avg_pool(N::<3>, frames, Sliding::default().stride(N::<2>).padding(N::<1>))?;
    /// assert!(y.to_vec().iter().all(|&mean| mean == 1.0 || mean == 2.0 / 3.0));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of windows fits, or a stride or a dilation is 0.
    pub fn try_avg_pool<Kernel, Out, Stride, Padding, Dilation, Pooled>(
        &self,
        kernel: Kernel,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation>,
    ) -> Result<Tensor<Pooled, B>, Error>
    where
        S: Slide<Out, Slid = Pooled>,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Kernel: PerAxis<Out>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Pooled: Shape,
    {
        let shape = self.shape.slid(out);
        let windows = windows::<_, Out, _, _, _, _>(sliding, kernel, shape);
        check::<_, Pooled>(self.shape, &windows)?;
        Ok(self.pooled(Reduce::Mean, windows, shape))
    }

    fn pooled<Pooled: Shape>(&self, op: Reduce, windows: Windows, shape: Pooled) -> Tensor<Pooled, B> {
        let fill = if op == Reduce::Max { f64::NEG_INFINITY } else { 0.0 };
        let found = B::windows(&as_images::<B>(&self.array), windows, constant(fill));
        let &[batch, channels, height, width, down, across] = B::sizes(&found) else { unreachable!("six axes") };
        let found = B::reduce(op, &B::reshape(&found, &[batch, channels, height * width, down, across]), 2);
        Tensor::from_parts(shape, B::reshape(&found, shape.sizes().as_ref()))
    }

    /// The mean of so many parts of each axis, as equal as can be: part `i` of `n` begins at the position `i / n` of the axis,
    /// rounded down, and ends at `(i + 1) / n` of it, rounded up. For two axes, `out` is a pair.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Channels = 1; Time = 5; Parts = 2; }
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[1.0, 2.0, 3.0, 4.0, 5.0]]]);
    /// let y: Tensor<(Batch, Channels, Parts)> = x.adaptive_avg_pool(Parts);
    /// assert_eq!(y.to_vec(), [2.0, 4.0]);
    /// ```
    #[doc(alias("adaptive_avg_pool1d", "adaptive_avg_pool2d", "AdaptiveAvgPool2d", "global_avg_pool"))]
    pub fn adaptive_avg_pool<Out, Pooled>(&self, out: Out) -> Tensor<Pooled, B>
    where
        S: Slide<Out, Slid = Pooled>,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Pooled: Shape,
    {
        let shape = self.shape.slid(out);
        let (sizes, parts) = (self.sizes().as_ref().to_vec(), shape.sizes().as_ref().to_vec());
        let mut array = self.array.clone();
        // Each axis is the last in its turn.
        let mut order: Vec<usize> = (0..S::RANK).collect();
        order[2..].rotate_left(1);
        for axis in 2..S::RANK {
            array = B::permute(&array, &order);
            array = B::matmul(&array, &means::<B>(sizes[axis], parts[axis], &array));
        }
        Tensor::from_parts(shape, array)
    }
}

/// What each of the parts takes of each position.
fn means<B: Backend<Elem: Float>>(length: usize, parts: usize, beside: &ArrayOf<B>) -> ArrayOf<B> {
    let share = |position: usize, part: usize| {
        let (start, end) = (part * length / parts, ((part + 1) * length).div_ceil(parts));
        if (start..end).contains(&position) { 1.0 / (end - start) as f64 } else { 0.0 }
    };
    let shares = (0..length).flat_map(|position| (0..parts).map(move |part| share(position, part)));
    let shares = shares.map(constant).collect();
    B::from_elements(shares, &[length, parts], &B::device(beside))
}

/// The windows of a shape that pooling gives.
fn windows<Kernel, Out, Stride, Padding, Dilation, Pooled: Shape>(
    sliding: Sliding<Stride, Padding, Dilation>,
    kernel: Kernel,
    shape: Pooled,
) -> Windows
where
    Kernel: PerAxis<Out>,
    Stride: PerAxis<Out>,
    Padding: PerAxis<Out>,
    Dilation: PerAxis<Out>,
{
    let count = behind_channels(shape);
    sliding.windows::<Out>(&kernel.numbers()[2 - count.len()..], &count)
}
