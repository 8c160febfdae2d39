//! The three networks.

use congruent::Sliding;
use congruent::backend::{Backend, DeviceOf, Float, Number, Value};
use congruent::io::{LoadError, Source, Stored, Weights, load_on};
use congruent::nn::{Conv2d, Linear};
use congruent::prelude::*;

dims! {
    /// Red, green and blue.
    pub Colours = 3;
    /// No face, and a face.
    pub Classes = 2;
    /// How far each side of a box is to be moved, in lengths of the box: left, top, right, bottom.
    pub Sides = 4;
    /// The eyes, the nose, and the corners of the mouth; the left of the picture before the right.
    pub Landmarks = 5;
    ConvolvedRows;
    ConvolvedColumns;
    MoreRows;
    MoreColumns;
    PooledRows;
    PooledColumns;
    InnerRows;
    InnerColumns;
}

type Convolution<In, Out, Kernel, B> = Conv2d<In, Out, Kernel, Kernel, Sliding, B>;

fn convolution<In: Dim, Out: Dim, Kernel: Dim, B: Backend<Elem: Float + Stored>>(
    weights: &Weights<'_, B::Elem, B>,
    (input, output, kernel): (In, Out, Kernel),
) -> Convolution<In, Out, Kernel, B> {
    Conv2d::load(weights, (output, input, kernel, kernel), output, Sliding::default())
}

/// A number below zero is multiplied by the weight of its channel
/// ([He et al. 2015](https://arxiv.org/abs/1502.01852)).
#[derive(Clone, Module)]
struct Prelu<C, B: Backend = Cpu<f32>> {
    weight: Tensor<(C,), B>,
}

impl<C: Dense, B: Backend<Elem: Float>> Prelu<C, B> {
    fn load(weights: &Weights<'_, B::Elem, B>, channels: C) -> Self
    where
        B::Elem: Stored,
    {
        Prelu { weight: weights.tensor("weight", (channels,)) }
    }

    fn forward<Batch: Dense>(&self, x: &Tensor<(Batch, C), B>) -> Tensor<(Batch, C), B> {
        x.relu() - (-x).relu() * &self.weight
    }

    fn of_images<Batch: Dense, H: Dense, W: Dense>(
        &self,
        x: &Tensor<(Batch, C, H, W), B>,
    ) -> Tensor<(Batch, C, H, W), B> {
        x.relu() - einsum!("b c h w, c -> b c h w", (-x).relu(), self.weight)
    }
}

/// An image with so many rows and columns more, which are no part of a maximum: windows that reach past the end are whole by them.
fn extended<Batch: Dense, C: Dense, H: Dense, W: Dense, Rows: Dense, Columns: Dense, B: Backend<Elem: Float>>(
    x: &Tensor<(Batch, C, H, W), B>,
    (rows, columns): (Rows, Columns),
) -> Tensor<(Batch, C, Longer<H, Rows>, Longer<W, Columns>), B> {
    let lowest = B::Elem::from_value(Value::Float(f64::NEG_INFINITY));
    x.pad(At::<2>, N::<0>, rows, lowest).pad(At::<3>, N::<0>, columns, lowest)
}

type Longer<Length, More> = Plus<Plus<N<0>, Length>, More>;

fn by_two() -> Sliding<N<2>> {
    Sliding::default().stride(N::<2>)
}

/// How likely the second class is, of each.
fn face<Batch: Dense, B: Backend<Elem: Float>>(logits: &Tensor<(Batch, Classes), B>) -> Tensor<(Batch,), B> {
    let [_, face]: [_; 2] = logits.softmax(Classes).unstack(Classes).into_generic_array().into_array();
    face
}

/// The first network: slides over a picture, and looks for faces of 12 pixels. Its parameters, as those of the others, have the names
/// that they are published under.
#[derive(Clone, Module)]
pub struct Proposals<B: Backend = Cpu<f32>> {
    conv1: Convolution<Colours, N<10>, N<3>, B>,
    prelu1: Prelu<N<10>, B>,
    conv2: Convolution<N<10>, N<16>, N<3>, B>,
    prelu2: Prelu<N<16>, B>,
    conv3: Convolution<N<16>, N<32>, N<3>, B>,
    prelu3: Prelu<N<32>, B>,
    #[module(name = "conv4_1")]
    classes: Convolution<N<32>, Classes, N<1>, B>,
    #[module(name = "conv4_2")]
    sides: Convolution<N<32>, Sides, N<1>, B>,
}

impl<B: Backend<Elem: Float + Stored>> Proposals<B> {
    /// Takes the weights of `pnet.pt` to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(source: &dyn Source, device: &DeviceOf<B>) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            Proposals {
                conv1: convolution(&weights.at("conv1"), (Colours, N, N)),
                prelu1: Prelu::load(&weights.at("prelu1"), N),
                conv2: convolution(&weights.at("conv2"), (N, N, N)),
                prelu2: Prelu::load(&weights.at("prelu2"), N),
                conv3: convolution(&weights.at("conv3"), (N, N, N)),
                prelu3: Prelu::load(&weights.at("prelu3"), N),
                classes: convolution(&weights.at("conv4_1"), (N, Classes, N)),
                sides: convolution(&weights.at("conv4_2"), (N, Sides, N)),
            }
        })
    }
}

impl<B: Backend<Elem: Float>> Proposals<B> {
    pub(super) fn device(&self) -> DeviceOf<B> {
        self.prelu1.weight.device()
    }

    /// How many places the network looks at along so many pixels: they are two pixels apart, and 12 wide.
    pub fn places(pixels: usize) -> usize {
        pixels.saturating_sub(2).div_ceil(2).saturating_sub(4)
    }

    /// How likely there is a face at each place, from 0 to 1, and how far the sides of its box are to be moved. The numbers of a picture
    /// are from -1 to 1.
    ///
    /// # Errors
    /// There are not as many rows or columns as [`places`](Self::places) says.
    pub fn try_forward<Batch: Dense, H: Dense, W: Dense, Rows: Dense, Columns: Dense>(
        &self,
        pictures: &Tensor<(Batch, Colours, H, W), B>,
        (rows, columns): (Rows, Columns),
    ) -> Result<(Tensor<(Batch, Rows, Columns), B>, Tensor<(Batch, Sides, Rows, Columns), B>), Error> {
        let convolved = [pictures.shape().2.size(), pictures.shape().3.size()].map(|size| size.saturating_sub(2));
        let [pooled_rows, pooled_columns] = convolved.map(|size| size.div_ceil(2));
        bind!(convolved_rows: ConvolvedRows = convolved[0], convolved_columns: ConvolvedColumns = convolved[1]);
        bind!(more_rows: MoreRows = convolved[0] % 2, more_columns: MoreColumns = convolved[1] % 2);
        bind!(inner_rows: InnerRows = pooled_rows.saturating_sub(2));
        bind!(inner_columns: InnerColumns = pooled_columns.saturating_sub(2));
        bind!(pooled_rows: PooledRows = pooled_rows, pooled_columns: PooledColumns = pooled_columns);
        let x = self.conv1.try_forward(pictures, (convolved_rows, convolved_columns))?;
        let x = self.prelu1.of_images(&x);
        let x = extended(&x, (more_rows, more_columns));
        let x = x.try_max_pool(N::<2>, (pooled_rows, pooled_columns), by_two())?;
        let x = self.prelu2.of_images(&self.conv2.try_forward(&x, (inner_rows, inner_columns))?);
        let x = self.prelu3.of_images(&self.conv3.try_forward(&x, (rows, columns))?);
        let classes = self.classes.try_forward(&x, (rows, columns))?.softmax(At::<1>);
        Ok((classes.at(At::<1>, 1)?, self.sides.try_forward(&x, (rows, columns))?))
    }
}

/// The second network: looks at a square of 24 pixels.
#[derive(Clone, Module)]
pub struct Refinement<B: Backend = Cpu<f32>> {
    conv1: Convolution<Colours, N<28>, N<3>, B>,
    prelu1: Prelu<N<28>, B>,
    conv2: Convolution<N<28>, N<48>, N<3>, B>,
    prelu2: Prelu<N<48>, B>,
    conv3: Convolution<N<48>, N<64>, N<2>, B>,
    prelu3: Prelu<N<64>, B>,
    dense4: Linear<Places<N<64>>, N<128>, B>,
    prelu4: Prelu<N<128>, B>,
    #[module(name = "dense5_1")]
    classes: Linear<N<128>, Classes, B>,
    #[module(name = "dense5_2")]
    sides: Linear<N<128>, Sides, B>,
}

/// What is left of a square: three columns of three, each with so many channels.
type Places<Channels> = Times<Times<N<3>, N<3>>, Channels>;

impl<B: Backend<Elem: Float + Stored>> Refinement<B> {
    /// Takes the weights of `rnet.pt` to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(source: &dyn Source, device: &DeviceOf<B>) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            Refinement {
                conv1: convolution(&weights.at("conv1"), (Colours, N, N)),
                prelu1: Prelu::load(&weights.at("prelu1"), N),
                conv2: convolution(&weights.at("conv2"), (N, N, N)),
                prelu2: Prelu::load(&weights.at("prelu2"), N),
                conv3: convolution(&weights.at("conv3"), (N, N, N)),
                prelu3: Prelu::load(&weights.at("prelu3"), N),
                dense4: Linear::load(&weights.at("dense4"), Times(Times(N, N), N), N),
                prelu4: Prelu::load(&weights.at("prelu4"), N),
                classes: Linear::load(&weights.at("dense5_1"), N, Classes),
                sides: Linear::load(&weights.at("dense5_2"), N, Sides),
            }
        })
    }
}

impl<B: Backend<Elem: Float>> Refinement<B> {
    /// How likely each square is a face, from 0 to 1, and how far the sides of its box are to be moved.
    pub fn forward<Batch: Dense>(
        &self,
        squares: &Tensor<(Batch, Colours, N<24>, N<24>), B>,
    ) -> (Tensor<(Batch,), B>, Tensor<(Batch, Sides), B>) {
        let x = self.prelu1.of_images(&self.conv1.forward(squares, (N::<22>, N::<22>)));
        let x = extended(&x, (N::<1>, N::<1>)).max_pool(N::<3>, (N::<11>, N::<11>), by_two());
        let x = self.prelu2.of_images(&self.conv2.forward(&x, (N::<9>, N::<9>)));
        let x = x.max_pool(N::<3>, (N::<4>, N::<4>), by_two());
        let x = self.prelu3.of_images(&self.conv3.forward(&x, (N::<3>, N::<3>)));
        // The published weights are of columns before rows.
        let x = self.prelu4.forward(&self.dense4.forward(&rearrange!(x, "b c h w -> b (w h c)")));
        (face(&self.classes.forward(&x)), self.sides.forward(&x))
    }
}

/// The third network: looks at a square of 48 pixels, and finds landmarks too.
#[derive(Clone, Module)]
pub struct Output<B: Backend = Cpu<f32>> {
    conv1: Convolution<Colours, N<32>, N<3>, B>,
    prelu1: Prelu<N<32>, B>,
    conv2: Convolution<N<32>, N<64>, N<3>, B>,
    prelu2: Prelu<N<64>, B>,
    conv3: Convolution<N<64>, N<64>, N<3>, B>,
    prelu3: Prelu<N<64>, B>,
    conv4: Convolution<N<64>, N<128>, N<2>, B>,
    prelu4: Prelu<N<128>, B>,
    dense5: Linear<Places<N<128>>, N<256>, B>,
    prelu5: Prelu<N<256>, B>,
    #[module(name = "dense6_1")]
    classes: Linear<N<256>, Classes, B>,
    #[module(name = "dense6_2")]
    sides: Linear<N<256>, Sides, B>,
    #[module(name = "dense6_3")]
    landmarks: Linear<N<256>, Times<N<2>, Landmarks>, B>,
}

impl<B: Backend<Elem: Float + Stored>> Output<B> {
    /// Takes the weights of `onet.pt` to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(source: &dyn Source, device: &DeviceOf<B>) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            Output {
                conv1: convolution(&weights.at("conv1"), (Colours, N, N)),
                prelu1: Prelu::load(&weights.at("prelu1"), N),
                conv2: convolution(&weights.at("conv2"), (N, N, N)),
                prelu2: Prelu::load(&weights.at("prelu2"), N),
                conv3: convolution(&weights.at("conv3"), (N, N, N)),
                prelu3: Prelu::load(&weights.at("prelu3"), N),
                conv4: convolution(&weights.at("conv4"), (N, N, N)),
                prelu4: Prelu::load(&weights.at("prelu4"), N),
                dense5: Linear::load(&weights.at("dense5"), Times(Times(N, N), N), N),
                prelu5: Prelu::load(&weights.at("prelu5"), N),
                classes: Linear::load(&weights.at("dense6_1"), N, Classes),
                sides: Linear::load(&weights.at("dense6_2"), N, Sides),
                landmarks: Linear::load(&weights.at("dense6_3"), N, Times(N, Landmarks)),
            }
        })
    }
}

impl<B: Backend<Elem: Float>> Output<B> {
    /// As the [second network](Refinement::forward), and where the landmarks are in the square, from 0 to 1: of all x, and then of all y.
    pub fn forward<Batch: Dense>(
        &self,
        squares: &Tensor<(Batch, Colours, N<48>, N<48>), B>,
    ) -> (Tensor<(Batch,), B>, Tensor<(Batch, Sides), B>, Tensor<(Batch, N<2>, Landmarks), B>) {
        let x = self.prelu1.of_images(&self.conv1.forward(squares, (N::<46>, N::<46>)));
        let x = extended(&x, (N::<1>, N::<1>)).max_pool(N::<3>, (N::<23>, N::<23>), by_two());
        let x = self.prelu2.of_images(&self.conv2.forward(&x, (N::<21>, N::<21>)));
        let x = x.max_pool(N::<3>, (N::<10>, N::<10>), by_two());
        let x = self.prelu3.of_images(&self.conv3.forward(&x, (N::<8>, N::<8>)));
        let x = x.max_pool(N::<2>, (N::<4>, N::<4>), by_two());
        let x = self.prelu4.of_images(&self.conv4.forward(&x, (N::<3>, N::<3>)));
        let x = self.prelu5.forward(&self.dense5.forward(&rearrange!(x, "b c h w -> b (w h c)")));
        (face(&self.classes.forward(&x)), self.sides.forward(&x), self.landmarks.forward(&x).split(At::<1>))
    }
}
