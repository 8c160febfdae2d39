//! Convolutions as layers.

use crate::backend::{Backend, DeviceOf, Float};
use crate::cpu::Cpu;
use crate::dim::{Dim, Summed, Whole, Windowed};
use crate::io::{Stored, Weights};
use crate::module::{CastTo, Parameter, ParameterMut, Path, ToEngine, report, show};
use crate::shape::{At, Axis, Convolve, ConvolveTransposed, Shape, Slide};
use crate::tensor::{CountsWindows, PerAxis, SameBackend, Sliding, Tensor};
use crate::{Error, Module, Rng};
use std::fmt::{self, Debug, Formatter};

/// A convolution, along one axis ([`Conv1d`]) or two ([`Conv2d`]): `W` is the shape of the weight, and `Slide` says how windows
/// [slide](Sliding).
///
/// ```
/// use congruent::Sliding;
/// use congruent::{nn::Conv1d, prelude::*};
/// dims! { Batch = 2; Mels = 8; Time = 20; Hidden = 4; Kernel = 3; Frames = 10; }
/// let sliding = Sliding::default().stride(N::<2>).padding(N::<1>);
/// let layer: Conv1d<Mels, Hidden, Kernel, _> = Conv1d::random((Hidden, Mels, Kernel), sliding, &mut Rng::with_seed(1));
/// let y: Tensor<(Batch, Hidden, Frames)> = layer.forward(&Tensor::ones((Batch, Mels, Time)), Frames);
/// ```
#[derive(Clone)]
pub struct Conv<W, Out, Slide = Sliding, B: Backend = Cpu<f32>> {
    /// What each output takes of each place of a window: `(Out, In, Kernel)` or `(Out, In, KernelH, KernelW)`.
    pub weight: Tensor<W, B>,
    /// What is added to each output.
    pub bias: Option<Tensor<(Out,), B>>,
    /// How windows slide.
    pub sliding: Slide,
}

/// A convolution of `(Batch, In, Length)`. Of groups, `In` is what stands in one of them, and `Out` is `Times<Groups, _>`.
pub type Conv1d<In, Out, Kernel, Slide = Sliding, B = Cpu<f32>> = Conv<(Out, In, Kernel), Out, Slide, B>;

/// A convolution of `(Batch, In, Height, Width)`. Of groups, `In` is what stands in one of them, and `Out` is `Times<Groups, _>`.
///
/// ```
/// use congruent::Sliding;
/// use congruent::{nn::Conv2d, prelude::*};
/// dims! { Batch = 2; Colours = 3; Height = 6; Width = 8; Hidden = 4; Side = 3; }
/// let sliding = Sliding::default().padding(N::<1>);
/// let layer: Conv2d<Colours, Hidden, Side, Side, _> =
///     Conv2d::random((Hidden, Colours, Side, Side), sliding, &mut Rng::with_seed(1));
/// let x = Tensor::ones((Batch, Colours, Height, Width));
/// let y: Tensor<(Batch, Hidden, Height, Width)> = layer.forward(&x, (Height, Width));
/// ```
///
/// The field of a model says how its windows slide: `Sliding` alone has a stride of 1 and no padding, and `Sliding<N<2>, N<1>>` has a
/// stride of 2 and a padding of 1.
///
/// ```
/// use congruent::Sliding;
/// use congruent::nn::{BatchNorm, Conv2d};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Colours = 3; Height = 8; Width = 8; Hidden = 4; Rows = 4; Columns = 4; }
///
/// #[derive(Module)]
/// struct Block {
///     conv: Conv2d<Colours, Hidden, N<3>, N<3>, Sliding<N<1>, N<1>>>,
///     norm: BatchNorm<Hidden>,
/// }
///
/// impl Block {
///     fn forward(&self, x: &Tensor<(Batch, Colours, Height, Width)>) -> Tensor<(Batch, Hidden, Rows, Columns)> {
///         let y = self.norm.forward(&self.conv.forward(x, (Height, Width))).relu();
///         y.max_pool(N::<2>, (Rows, Columns), Sliding::default().stride(N::<2>))
///     }
/// }
///
/// let sliding = Sliding::default().padding(N::<1>);
/// let conv = Conv2d::random((Hidden, Colours, N, N), sliding, &mut Rng::with_seed(1)).without_bias();
/// let block = Block { conv, norm: BatchNorm::new(Hidden, 1e-5) };
/// assert_eq!(block.forward(&Tensor::ones((Batch, Colours, Height, Width))).sizes(), [2, 4, 4, 4]);
/// ```
pub type Conv2d<In, Out, KernelH, KernelW, Slide = Sliding, B = Cpu<f32>> =
    Conv<(Out, In, KernelH, KernelW), Out, Slide, B>;

impl<W: Shape, O, Stride, Padding, Dilation, Groups, B> Conv<W, O, Sliding<Stride, Padding, Dilation, Groups>, B>
where
    O: Dim,
    Groups: Copy,
    B: Backend<Elem: Float>,
{
    /// The layer, whose windows are as many as `out` says: [`Tensor::conv`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{Sliding, nn::Conv1d};
    /// dims! { Batch = 1; Channels = 1; Time = 4; Frames = 3; }
    /// let weight = Tensor::ones((Channels, Channels, N::<2>));
    /// let layer: Conv1d<Channels, Channels, N<2>> = Conv1d { weight, bias: None, sliding: Sliding::default() };
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[1.0, 2.0, 3.0, 4.0]]]);
    /// assert_eq!(layer.forward(&x, Frames).to_vec(), [3.0, 5.0, 7.0]);
    /// ```
    pub fn forward<S, Out, Convolved>(&self, x: &Tensor<S, impl SameBackend<B>>, out: Out) -> Tensor<Convolved, B>
    where
        S: Convolve<W, Groups, Out, Outputs = O, Output = Convolved>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Out: CountsWindows<<S as Slide<Out>>::Lengths, S::Kernel, Stride, Padding, Dilation>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Convolved: Shape,
    {
        self.reported(x.clone().same::<B>().conv(&self.weight, self.bias.as_ref(), out, self.sliding))
    }

    /// As [`forward`](Self::forward), of sizes that are compared now.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{Sliding, nn::Conv1d};
    /// dims! { Batch = 1; Channels = 1; Time; Frames; }
    /// let weight = Tensor::ones((Channels, Channels, N::<2>));
    /// let layer: Conv1d<Channels, Channels, N<2>> = Conv1d { weight, bias: None, sliding: Sliding::default() };
    /// bind!(time: Time = 4);
    /// bind!(frames: Frames = 3);
    /// let y = layer.try_forward(&Tensor::ones((Batch, Channels, time)), frames)?;
    /// assert_eq!(y.to_vec(), [2.0; 3]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Tensor::try_conv`].
    pub fn try_forward<S, Out, Convolved>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        out: Out,
    ) -> Result<Tensor<Convolved, B>, Error>
    where
        S: Convolve<W, Groups, Out, Outputs = O, Output = Convolved>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Convolved: Shape,
    {
        let x = x.clone().same::<B>();
        Ok(self.reported(x.try_conv(&self.weight, self.bias.as_ref(), out, self.sliding)?))
    }
}

impl<W: Shape, Out: Dim, Slide> Conv<W, Out, Slide> {
    /// A new layer, its parameters uniform within `1 / √n` where an output is a sum of `n`, as PyTorch begins.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{Sliding, nn::Conv};
    /// dims! { In = 2; Out = 3; Kernel = 8; }
    /// let layer = Conv::random((Out, In, Kernel), Sliding::default(), &mut Rng::with_seed(1));
    /// // An output is a sum of sixteen.
    /// assert!(layer.weight.to_vec().iter().all(|x| x.abs() <= 0.25));
    /// ```
    pub fn random(weight: W, sliding: Slide, rng: &mut Rng) -> Self
    where
        W: Axis<At<0>, At<0>, Dim = Out>,
    {
        let (weight, bias) = random(weight, Axis::<At<0>, At<0>>::dim(weight), rng);
        Conv { weight, bias: Some(bias), sliding }
    }
}

/// A weight and a bias.
fn random<W: Shape, Out: Dim>(weight: W, out: Out, rng: &mut Rng) -> (Tensor<W>, Tensor<(Out,)>) {
    let summed: usize = weight.sizes().as_ref()[1..].iter().product();
    let bound = (summed.max(1) as f64).sqrt().recip();
    (Tensor::uniform(weight, -bound..bound, rng), Tensor::uniform((out,), -bound..bound, rng))
}

/// A transposed convolution, along one axis or two: `W` is the shape of the weight, `(In, Out, Kernel)` or
/// `(In, Out, KernelH, KernelW)`.
///
/// ```
/// use congruent::Sliding;
/// use congruent::{nn::ConvTranspose, prelude::*};
/// dims! { Batch = 2; Hidden = 4; Frames = 10; Mels = 8; Kernel = 2; Time = 20; }
/// let sliding = Sliding::default().stride(N::<2>);
/// let layer = ConvTranspose::random((Hidden, Mels, Kernel), Mels, sliding, &mut Rng::with_seed(1));
/// let y: Tensor<(Batch, Mels, Time)> = layer.forward(&Tensor::ones((Batch, Hidden, Frames)), Time);
/// ```
#[derive(Clone)]
#[doc(alias("ConvTranspose1d", "ConvTranspose2d"))]
pub struct ConvTranspose<W, Out, Slide = Sliding, B: Backend = Cpu<f32>> {
    /// What each place of a window gets of each input.
    pub weight: Tensor<W, B>,
    /// What is added to each output.
    pub bias: Option<Tensor<(Out,), B>>,
    /// How windows slide along the output.
    pub sliding: Slide,
}

impl<W: Shape, O, Stride, Padding, Dilation, Groups, B>
    ConvTranspose<W, O, Sliding<Stride, Padding, Dilation, Groups>, B>
where
    O: Dim,
    Groups: Copy,
    B: Backend<Elem: Float>,
{
    /// The layer, whose output has the length `out`, or the pair of them: [`Tensor::conv_transpose`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{Sliding, nn::ConvTranspose};
    /// dims! { Batch = 1; Channels = 1; Frames = 2; Time = 4; }
    /// let (weight, sliding) = (Tensor::ones((Channels, Channels, N::<2>)), Sliding::default().stride(N::<2>));
    /// let layer: ConvTranspose<_, Channels, _> = ConvTranspose { weight, bias: None, sliding };
    /// let x = Tensor::from_nested((Batch, Channels, Frames), [[[1.0, 2.0]]]);
    /// assert_eq!(layer.forward(&x, Time).to_vec(), [1.0, 1.0, 2.0, 2.0]);
    /// ```
    pub fn forward<S, Out, Convolved>(&self, x: &Tensor<S, impl SameBackend<B>>, out: Out) -> Tensor<Convolved, B>
    where
        S: ConvolveTransposed<W, Groups, Out, Outputs = O, Output = Convolved>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        <S as Slide<Out>>::Lengths: CountsWindows<Out, S::Kernel, Stride, Padding, Dilation>,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Convolved: Shape,
    {
        self.reported(x.clone().same::<B>().conv_transpose(&self.weight, self.bias.as_ref(), out, self.sliding))
    }

    /// As [`forward`](Self::forward), of sizes that are compared now.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{Sliding, nn::ConvTranspose};
    /// dims! { Batch = 1; Channels = 1; Frames; Time; }
    /// let (weight, sliding) = (Tensor::ones((Channels, Channels, N::<2>)), Sliding::default().stride(N::<2>));
    /// let layer: ConvTranspose<_, Channels, _> = ConvTranspose { weight, bias: None, sliding };
    /// bind!(frames: Frames = 2);
    /// bind!(time: Time = 4);
    /// assert_eq!(layer.try_forward(&Tensor::ones((Batch, Channels, frames)), time)?.to_vec(), [1.0; 4]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Tensor::try_conv_transpose`].
    pub fn try_forward<S, Out, Convolved>(
        &self,
        x: &Tensor<S, impl SameBackend<B>>,
        out: Out,
    ) -> Result<Tensor<Convolved, B>, Error>
    where
        S: ConvolveTransposed<W, Groups, Out, Outputs = O, Output = Convolved>,
        S::Channels: Whole + Summed,
        S::Height: Whole + Windowed,
        S::Width: Whole + Windowed,
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
        Convolved: Shape,
    {
        let x = x.clone().same::<B>();
        Ok(self.reported(x.try_conv_transpose(&self.weight, self.bias.as_ref(), out, self.sliding)?))
    }
}

impl<W: Shape, Out: Dim, Slide> ConvTranspose<W, Out, Slide> {
    /// A new layer, its parameters as PyTorch begins: uniform within `1 / √n`, for `n` places of a window in all outputs of a
    /// group.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{Sliding, nn::ConvTranspose};
    /// dims! { In = 3; Out = 2; Kernel = 8; }
    /// let layer = ConvTranspose::random((In, Out, Kernel), Out, Sliding::default(), &mut Rng::with_seed(1));
    /// assert!(layer.weight.to_vec().iter().all(|x| x.abs() <= 0.25));
    /// ```
    pub fn random(weight: W, out: Out, sliding: Slide, rng: &mut Rng) -> Self {
        let (weight, bias) = random(weight, out, rng);
        ConvTranspose { weight, bias: Some(bias), sliding }
    }
}

/// What both layers have: the bias left out, loading, and what makes them modules. Derived, that would ask for a shape in the
/// declaration of every structure that holds one.
macro_rules! parameters { ($($Layer:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<W: Shape, Out: Dim, Slide, B: Backend<Elem: Float>> Module<B> for $Layer<W, Out, Slide, B> {
        fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
            self.weight.visit(&path.at("weight"), visitor);
            self.bias.visit(&path.at("bias"), visitor);
        }
        fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
            self.weight.visit_mut(&path.at("weight"), visitor);
            self.bias.visit_mut(&path.at("bias"), visitor);
        }
    }

    impl<W: Shape, Out: Dim, Slide: Debug, B: Backend<Elem: Float>> Debug for $Layer<W, Out, Slide, B> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            let mut shown = f.debug_struct(stringify!($Layer));
            show::<B>(self, &mut shown);
            shown.field("sliding", &self.sliding).finish()
        }
    }

    #[diagnostic::do_not_recommend]
    impl<W: Shape, Out: Dim, Slide: Clone, B: Backend<Elem: Float>, E: Backend<Elem = B::Elem>> ToEngine<E>
        for $Layer<W, Out, Slide, B>
    {
        type On = $Layer<W, Out, Slide, E>;
        fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
            let (weight, bias) = (self.weight.transferred(device), self.bias.transferred(device));
            $Layer { weight, bias, sliding: self.sliding.clone() }
        }
    }

    #[diagnostic::do_not_recommend]
    impl<W: Shape, Out: Dim, Slide: Clone, B: Backend<Elem: Float>, E: Backend<Elem: Float, Engine = B::Engine>>
        CastTo<E> for $Layer<W, Out, Slide, B>
    {
        type On = $Layer<W, Out, Slide, E>;
        fn cast_to(&self) -> Self::On {
            $Layer { weight: self.weight.cast_to(), bias: self.bias.cast_to(), sliding: self.sliding.clone() }
        }
    }

    impl<W: Shape, Out: Dim, Slide, B: Backend> $Layer<W, Out, Slide, B> {
        /// The layer without its bias.
        ///
        /// ```
        /// # use congruent::prelude::*;
        #[doc = concat!("use congruent::{Sliding, nn::", stringify!($Layer), "};")]
        /// dims! { Channels = 2; Kernel = 3; }
        /// let (weight, bias) = (Tensor::ones((Channels, Channels, Kernel)), Some(Tensor::ones((Channels,))));
        #[doc = concat!("let layer = ", stringify!($Layer), " { weight, bias, sliding: Sliding::default() };")]
        /// assert!(layer.without_bias().bias.is_none());
        /// ```
        pub fn without_bias(self) -> Self {
            $Layer { bias: None, ..self }
        }

        /// What it gave, for who observes it.
        fn reported<S: Shape>(&self, y: Tensor<S, B>) -> Tensor<S, B> {
            report::<B>(self.weight.array(), y.shape(), y.array());
            y
        }
    }

    impl<W: Shape, Out: Dim, Slide, B: Backend<Elem: Stored>> $Layer<W, Out, Slide, B> {
        /// Takes `weight` and `bias`.
        ///
        /// ```
        /// # use congruent::prelude::*;
        /// # #[cfg(feature = "safetensors")] {
        #[doc = concat!("use congruent::{Sliding, io::{SafeTensors, Weights, Writer, load}, nn::", stringify!($Layer), "};")]
        /// dims! { Channels = 2; Kernel = 3; }
        /// let (weight, sliding) = ((Channels, Channels, Kernel), Sliding::default());
        /// let mut writer = Writer::default();
        /// writer.add("conv.weight", &Tensor::ones(weight));
        /// writer.add("conv.bias", &Tensor::zeros((Channels,)));
        /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
        /// let layer = load(&file, |weights: Weights<f32>| {
        #[doc = concat!("    ", stringify!($Layer), "::<_, Channels, _>::load(&weights.at(\"conv\"), weight, Channels, sliding)")]
        /// })?;
        /// assert_eq!(layer.weight.to_vec(), [1.0; 12]);
        /// # }
        /// # Ok::<(), congruent::io::LoadError>(())
        /// ```
        pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, weight: W, out: Out, sliding: Slide) -> Self {
            let bias = Some(weights.tensor("bias", (out,)).same());
            $Layer { bias, ..$Layer::load_without_bias(weights, weight, sliding) }
        }

        /// Takes `weight`.
        ///
        /// ```
        /// # use congruent::prelude::*;
        /// # #[cfg(feature = "safetensors")] {
        #[doc = concat!("use congruent::{Sliding, io::{SafeTensors, Weights, Writer, load}, nn::", stringify!($Layer), "};")]
        /// dims! { Channels = 2; Kernel = 3; }
        /// let (weight, sliding) = ((Channels, Channels, Kernel), Sliding::default());
        /// let mut writer = Writer::default();
        /// writer.add("conv.weight", &Tensor::ones(weight));
        /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
        /// let layer = load(&file, |weights: Weights<f32>| {
        #[doc = concat!("    ", stringify!($Layer), "::<_, Channels, _>::load_without_bias(&weights.at(\"conv\"), weight, sliding)")]
        /// })?;
        /// assert_eq!(layer.weight.to_vec(), [1.0; 12]);
        /// # }
        /// # Ok::<(), congruent::io::LoadError>(())
        /// ```
        pub fn load_without_bias(
            weights: &Weights<'_, B::Elem, impl SameBackend<B>>,
            weight: W,
            sliding: Slide,
        ) -> Self {
            $Layer { weight: weights.tensor("weight", weight).same(), bias: None, sliding }
        }
    }
)*} }
parameters! { Conv ConvTranspose }
