//! Convolutions.

use super::sliding::{check, last_two};
use super::{CountsWindows, PerAxis, SameBackend, Sliding, Tensor};
use crate::Error;
use crate::backend::{ArrayOf, Backend, Float, Windows};
use crate::dim::{Summed, Whole, Windowed};
use crate::shape::{Convolve, ConvolveTransposed, SaidOf, Shape, Slide};

/// # Images and signals
///
/// Convolutions along one axis, of `(Batch, Channels, Length)`, and along two, of `(Batch, Channels, Height, Width)`. Weights are
/// laid out as PyTorch's.
impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// The convolution by a weight `(Out, In, Kernel)`, or `(Out, In, KernelH, KernelW)`, to which a bias is added: each output is
    /// the sum of a window of all input channels, times the weight. `out` names how many windows there are, which is checked
    /// at compile time; for two axes it is a pair.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Mels = 3; Time = 8; Hidden = 4; Kernel = 3; Frames = 4; }
    /// let x = Tensor::ones((Batch, Mels, Time));
    /// let (weight, bias) = (Tensor::ones((Hidden, Mels, Kernel)), Tensor::full((Hidden,), 0.5));
    /// let y: Tensor<(Batch, Hidden, Frames)> =
    ///     x.conv(&weight, Some(&bias), Frames, Sliding::default().stride(N::<2>).padding(N::<1>));
    /// // The first window begins in the padding.
    /// assert_eq!(y.to_vec()[..4], [6.5, 9.5, 9.5, 9.5]);
    /// ```
    ///
    /// Images, whose colours are convolved each by itself:
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Colours = 3; Height = 5; Width = 6; Side = 2; Rows = 4; Columns = 5; }
    /// let x = Tensor::ones((Batch, Times(Colours, N::<1>), Height, Width));
    /// let weight = Tensor::full((Times(Colours, N::<1>), N::<1>, Side, Side), 0.25);
    /// let y: Tensor<(Batch, Times<Colours, N<1>>, Rows, Columns)> =
    ///     x.conv(&weight, None, (Rows, Columns), Sliding::default().groups(Colours));
    /// assert!(y.to_vec().iter().all(|&x| x == 1.0));
    /// ```
    #[doc(alias("conv1d", "conv2d", "convolve", "depthwise", "cross_correlation"))]
    pub fn conv<W, Out, Stride, Padding, Dilation, Groups, Convolved, Said>(
        &self,
        weight: &Tensor<W, impl SameBackend<B>>,
        bias: Option<&Tensor<(S::Outputs,), B>>,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation, Said>,
    ) -> Tensor<Convolved, B>
    where
        S: Convolve<W, Groups, Out, Output = Convolved>,
        Said: SaidOf<Groups>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Out: CountsWindows<<S as Slide<Out>>::Lengths, S::Kernel, Stride, Padding, Dilation>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        W: Shape,
        Convolved: Shape,
    {
        let (shape, groups) = self.shape.convolved(weight.shape, out);
        let windows = sliding.windows::<Out>(&behind_channels(weight.shape), &behind_channels(shape));
        self.convolved(weight.array(), bias, groups, windows, shape)
    }

    /// As [`conv`](Self::conv), of sizes that are compared now.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Mels = 3; Time; Frames; Hidden = 4; Kernel = 3; }
    /// bind!(time: Time = 9, frames: Frames = 4, more: Frames = 5);
    /// let (x, weight) = (Tensor::ones((Batch, Mels, time)), Tensor::ones((Hidden, Mels, Kernel)));
    /// let y = x.try_conv(&weight, None, frames, Sliding::default().stride(2))?;
    /// let error = x.try_conv(&weight, None, more, Sliding::default().stride(2)).unwrap_err();
    /// assert_eq!(error.to_string(), "`Time` is 9 and has 4 windows of 3 in steps of 2, and `Frames` is 5");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of windows fits, or a stride or a dilation is 0.
    pub fn try_conv<W, Out, Stride, Padding, Dilation, Groups, Convolved, Said>(
        &self,
        weight: &Tensor<W, impl SameBackend<B>>,
        bias: Option<&Tensor<(S::Outputs,), B>>,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation, Said>,
    ) -> Result<Tensor<Convolved, B>, Error>
    where
        S: Convolve<W, Groups, Out, Output = Convolved>,
        Said: SaidOf<Groups>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        W: Shape,
        Convolved: Shape,
    {
        let (shape, groups) = self.shape.convolved(weight.shape, out);
        let windows = sliding.windows::<Out>(&behind_channels(weight.shape), &behind_channels(shape));
        check::<_, Convolved>(self.shape, &windows)?;
        Ok(self.convolved(weight.array(), bias, groups, windows, shape))
    }

    fn convolved<Convolved: Shape, Outputs>(
        &self,
        weight: &ArrayOf<B>,
        bias: Option<&Tensor<(Outputs,), B>>,
        groups: usize,
        windows: Windows,
        shape: Convolved,
    ) -> Tensor<Convolved, B> {
        let (x, weight) = (as_images::<B>(&self.array), as_images::<B>(weight));
        let array = B::convolution(&x, &weight, bias.map(|bias| &bias.array), groups, windows);
        Tensor::from_parts(shape, B::reshape(&array, shape.sizes().as_ref()))
    }

    /// The transposed convolution by a weight `(In, Out, Kernel)`, or `(In, Out, KernelH, KernelW)`: each element, times the
    /// weight, is added to its window of the result, and a bias to all of it. `out` names a length whose windows are as many
    /// as there are elements, which is checked at compile time: with a stride of 2 there are two such lengths, between
    /// which PyTorch chooses by `output_padding`.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Hidden = 2; Frames = 3; Mels = 1; Kernel = 2; Time = 6; }
    /// let (x, weight) = (Tensor::ones((Batch, Hidden, Frames)), Tensor::ones((Hidden, Mels, Kernel)));
    /// let y: Tensor<(Batch, Mels, Time)> = x.conv_transpose(&weight, None, Time, Sliding::default().stride(N::<2>));
    /// assert_eq!(y.to_vec(), [2.0; 6]);
    /// ```
    #[doc(alias("conv_transpose1d", "conv_transpose2d", "deconvolution", "ConvTranspose2d"))]
    pub fn conv_transpose<W, Out, Stride, Padding, Dilation, Groups, Convolved, Said>(
        &self,
        weight: &Tensor<W, impl SameBackend<B>>,
        bias: Option<&Tensor<(S::Outputs,), B>>,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation, Said>,
    ) -> Tensor<Convolved, B>
    where
        S: ConvolveTransposed<W, Groups, Out, Output = Convolved>,
        Said: SaidOf<Groups>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        <S as Slide<Out>>::Lengths: CountsWindows<Out, S::Kernel, Stride, Padding, Dilation>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        W: Shape,
        Convolved: Shape,
    {
        let (shape, groups) = self.shape.convolved(weight.shape, out);
        let windows = sliding.windows::<Out>(&behind_channels(weight.shape), &behind_channels(self.shape));
        self.transposed(weight.array(), bias, groups, windows, shape)
    }

    /// As [`conv_transpose`](Self::conv_transpose), of sizes that are compared now.
    ///
    /// ```
    /// use congruent::Sliding;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Hidden = 2; Frames; Mels = 1; Kernel = 2; Time; }
    /// bind!(frames: Frames = 3, time: Time = 7, long: Time = 8);
    /// let (x, weight) = (Tensor::ones((Batch, Hidden, frames)), Tensor::ones((Hidden, Mels, Kernel)));
    /// let sliding = Sliding::default().stride(N::<2>);
    /// let y = x.try_conv_transpose(&weight, None, time, sliding)?;
    /// assert_eq!(y.to_vec(), [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]);
    /// let error = x.try_conv_transpose(&weight, None, long, sliding).unwrap_err();
    /// assert_eq!(error.to_string(), "`Time` is 8 and has 4 windows of 2 in steps of 2, and `Frames` is 3");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// What comes out has another number of windows, or a stride or a dilation is 0.
    pub fn try_conv_transpose<W, Out, Stride, Padding, Dilation, Groups, Convolved, Said>(
        &self,
        weight: &Tensor<W, impl SameBackend<B>>,
        bias: Option<&Tensor<(S::Outputs,), B>>,
        out: Out,
        sliding: Sliding<Stride, Padding, Dilation, Said>,
    ) -> Result<Tensor<Convolved, B>, Error>
    where
        S: ConvolveTransposed<W, Groups, Out, Output = Convolved>,
        Said: SaidOf<Groups>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        W: Shape,
        Convolved: Shape,
    {
        let (shape, groups) = self.shape.convolved(weight.shape, out);
        let windows = sliding.windows::<Out>(&behind_channels(weight.shape), &behind_channels(self.shape));
        check::<_, S>(shape, &windows)?;
        Ok(self.transposed(weight.array(), bias, groups, windows, shape))
    }

    fn transposed<Convolved: Shape, Outputs>(
        &self,
        weight: &ArrayOf<B>,
        bias: Option<&Tensor<(Outputs,), B>>,
        groups: usize,
        windows: Windows,
        shape: Convolved,
    ) -> Tensor<Convolved, B> {
        let (x, weight) = (as_images::<B>(&self.array), as_images::<B>(weight));
        let sizes = last_two(&behind_channels(shape));
        let array = B::transposed_convolution(&x, &weight, bias.map(|bias| &bias.array), groups, windows, sizes);
        Tensor::from_parts(shape, B::reshape(&array, shape.sizes().as_ref()))
    }
}

/// The sizes of what windows slide along.
pub(super) fn behind_channels<S: Shape>(shape: S) -> Vec<usize> {
    shape.sizes().as_ref()[2..].to_vec()
}

/// An array with an axis for the height, of size 1 if there is none.
pub(super) fn as_images<B: Backend>(x: &ArrayOf<B>) -> ArrayOf<B> {
    match B::sizes(x) {
        &[batch, channels, width] => B::reshape(x, &[batch, channels, 1, width]),
        _ => x.clone(),
    }
}
