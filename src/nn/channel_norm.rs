//! Normalisation of channels, wherever they stand in a shape.

use super::InTraining;
use super::norm::{check, checked};
use crate::Module;
use crate::backend::{ArrayOf, Backend, Binary, Float, Unary, constant};
use crate::cpu::Cpu;
use crate::dim::{Averaged, Dim, Times, Whole};
use crate::io::{Stored, Weights};
use crate::module::report;
use crate::shape::{Axis, OfAllRanks, Shape, Unpadded};
use crate::tensor::{SameBackend, Tensor};

/// Each channel less its mean, by its standard deviation, times a weight and more by a bias: in training those of the batch, in
/// inference the running statistics of training ([Ioffe and Szegedy 2015](https://arxiv.org/abs/1502.03167)). The channels may
/// stand anywhere in a shape.
///
/// ```
/// use congruent::nn::{BatchNorm, Training};
/// use congruent::prelude::*;
/// dims! { Batch = 4; Channels = 2; Time = 5; }
/// let mut norm = BatchNorm::new(Channels, 1e-5);
/// let mut rng = Rng::with_seed(1);
/// let x = Tensor::normal((Batch, Channels, Time), 3.0, 1.0, &mut rng);
/// let y = norm.forward_training(&x, &mut Training::new(&mut rng));
/// assert!(y.mean(Time).mean(Batch).to_vec().iter().all(|mean| mean.abs() < 1e-5));
/// // It has moved a tenth of the way from 0 to the mean of the batch.
/// assert!(norm.running_mean.to_vec().iter().all(|mean| (mean - 0.3).abs() < 0.2));
/// let y = norm.forward(&x);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
#[doc(alias("BatchNorm1d", "BatchNorm2d"))]
pub struct BatchNorm<C, B: Backend = Cpu<f32>> {
    /// The factor of each channel.
    pub weight: Tensor<(C,), B>,
    /// What is added to each channel.
    pub bias: Tensor<(C,), B>,
    /// The mean of each channel in inference.
    #[module(buffer)]
    pub running_mean: Tensor<(C,), B>,
    /// The variance of each channel in inference.
    #[module(buffer)]
    pub running_var: Tensor<(C,), B>,
    /// What is added to the variance: a number from 0 on.
    pub epsilon: f64,
    /// How far the statistics go towards those of a batch in a step of training: 0.1, as in PyTorch, if nobody says otherwise.
    pub momentum: f64,
}

impl<C: Dim, B: Backend<Elem: Float>> BatchNorm<C, B> {
    /// In inference: with the running statistics.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::BatchNorm;
    /// dims! { Batch = 1; Channels = 2; Time = 1; }
    /// let mut norm = BatchNorm::new(Channels, 0.0);
    /// norm.running_mean = Tensor::from_nested((Channels,), [1.0, 2.0]);
    /// let x = Tensor::full((Batch, Channels, Time), 5.0);
    /// assert_eq!(norm.forward(&x).to_vec(), [4.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn forward<S, Position>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Axis<C, Position, Dim = C>,
    {
        let x = x.clone().same::<B>();
        let of = [self.running_mean.array(), self.running_var.array()];
        let array = self.normalized(x.array(), S::INDEX, of);
        report::<B>(self.weight.array(), x.shape(), &array);
        Tensor::from_parts(x.shape(), array)
    }

    /// In training: with the mean and the variance of all that `x` has of a channel, towards which the running statistics move. As
    /// in PyTorch, the running variance is divided by one less than that of the batch.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{BatchNorm, Training};
    /// dims! { Batch = 2; Channels = 1; }
    /// let mut norm = BatchNorm::new(Channels, 0.0);
    /// let x = Tensor::from_nested((Batch, Channels), [[10.0], [30.0]]);
    /// let y = norm.forward_training(&x, &mut Training::new(&mut Rng::with_seed(1)));
    /// assert_eq!(y.to_vec(), [-1.0, 1.0]);
    /// // A tenth of the way to the mean of the batch.
    /// assert_eq!(norm.running_mean.to_vec(), [2.0]);
    /// ```
    ///
    /// # Panics
    /// There are fewer than two numbers of a channel, which have no variance, or epsilon is negative or NaN.
    #[track_caller]
    pub fn forward_training<S, Position>(
        &mut self,
        x: &Tensor<S, impl SameBackend<B>>,
        training: &mut impl InTraining,
    ) -> Tensor<S, B>
    where
        S: Axis<C, Position, Dim = C, Removed: OfAllRanks + Unpadded>,
    {
        let (_, x) = (training, x.clone().same::<B>());
        let mut last: Vec<usize> = (0..S::RANK).collect();
        last[S::INDEX..].rotate_left(1);
        let channels = self.weight.shape().0.size();
        let others = x.shape().removed();
        let count = others.sizes().as_ref().iter().product::<usize>();
        assert!(count > 1, "{count} numbers of a channel have no variance: a batch needs two and more");
        let rows = B::reshape(&B::permute(x.array(), &last), &[count, channels]);
        let [mean, variance] = B::mean_variance(&rows, 0);
        let unbiased = times::<B>(variance.clone(), count as f64 / (count - 1) as f64);
        for (kept, found) in [(&mut self.running_mean, mean.clone()), (&mut self.running_var, unbiased)] {
            let moved = B::binary(
                Binary::Add,
                times::<B>(kept.array().clone(), 1.0 - self.momentum),
                times::<B>(found, self.momentum),
            );
            *kept = Tensor::from_parts(kept.shape(), B::detach(moved));
        }
        let array = self.normalized(x.array(), S::INDEX, [&mean, &variance]);
        report::<B>(self.weight.array(), x.shape(), &array);
        Tensor::from_parts(x.shape(), array)
    }

    fn normalized(&self, x: &ArrayOf<B>, axis: usize, [mean, variance]: [&ArrayOf<B>; 2]) -> ArrayOf<B> {
        let variance = B::binary_scalar(Binary::Add, variance.clone(), constant(checked(self.epsilon)));
        let scale = B::binary(Binary::Mul, B::unary(Unary::Rsqrt, variance), self.weight.array().clone());
        let of_channels = |of: &ArrayOf<B>| along::<B>(of, x, axis);
        let centered = B::binary(Binary::Sub, x.clone(), of_channels(mean));
        let scaled = B::binary(Binary::Mul, centered, of_channels(&scale));
        B::binary(Binary::Add, scaled, of_channels(self.bias.array()))
    }
}

fn times<B: Backend<Elem: Float>>(x: ArrayOf<B>, factor: f64) -> ArrayOf<B> {
    B::binary_scalar(Binary::Mul, x, constant(factor))
}

/// A number for each position of an axis, repeated along those behind it.
fn along<B: Backend>(of: &ArrayOf<B>, x: &ArrayOf<B>, axis: usize) -> ArrayOf<B> {
    let sizes = &B::sizes(x)[axis..];
    let mut column = vec![1; sizes.len()];
    column[0] = sizes[0];
    B::broadcast(&B::reshape(of, &column), sizes)
}

impl<C: Dim> BatchNorm<C> {
    /// A new layer: factors of one, zeros added, and the statistics of a normal distribution.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::BatchNorm;
    /// dims! { Channels = 2; }
    /// let norm = BatchNorm::new(Channels, 1e-5);
    /// assert_eq!((norm.running_mean.to_vec(), norm.running_var.to_vec()), (vec![0.0; 2], vec![1.0; 2]));
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn new(channels: C, epsilon: f64) -> Self {
        let (ones, zeros) = (Tensor::ones((channels,)), Tensor::zeros((channels,)));
        BatchNorm {
            weight: ones.clone(),
            bias: zeros.clone(),
            running_mean: zeros,
            running_var: ones,
            epsilon: checked(epsilon),
            momentum: 0.1,
        }
    }
}

impl<C: Dim, B: Backend<Elem: Stored>> BatchNorm<C, B> {
    /// Takes `weight`, `bias`, `running_mean` and `running_var`; `num_batches_tracked` is not asked for, and may be there. If epsilon
    /// is negative or NaN, loading ends with an error that says so.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::BatchNorm};
    /// dims! { Channels = 2; }
    /// let mut writer = Writer::default();
    /// writer.module("bn1", &BatchNorm::new(Channels, 1e-5));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let norm = load(&file, |weights: Weights<f32>| BatchNorm::load(&weights.at("bn1"), Channels, 1e-5))?;
    /// assert_eq!(norm.running_var.to_vec(), [1.0; 2]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(weights: &Weights<'_, B::Elem, impl SameBackend<B>>, channels: C, epsilon: f64) -> Self {
        check(weights, epsilon);
        weights.ignore("num_batches_tracked");
        let [weight, bias, running_mean, running_var] =
            ["weight", "bias", "running_mean", "running_var"].map(|name| weights.tensor(name, (channels,)).same());
        BatchNorm { weight, bias, running_mean, running_var, epsilon, momentum: 0.1 }
    }
}

/// Each group of channels less its mean, by its standard deviation, times a weight and more by a bias of each channel
/// ([Wu and He 2018](https://arxiv.org/abs/1803.08494)). The channels may stand anywhere in a shape, whose first other dimension is
/// the batch; all else is normalised together.
///
/// ```
/// use congruent::{nn::GroupNorm, prelude::*};
/// dims! { Batch = 2; Groups = 3; Channels = 2; Height = 4; Width = 5; }
/// let norm = GroupNorm::new(Groups, Channels, 1e-5);
/// let x = Tensor::ones((Batch, Times(Groups, Channels), Height, Width));
/// assert_eq!(norm.forward(&x).to_vec(), [0.0; 240]);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct GroupNorm<Groups, Channels, B: Backend = Cpu<f32>> {
    /// The factor of each channel.
    pub weight: Tensor<(Times<Groups, Channels>,), B>,
    /// What is added to each channel.
    pub bias: Tensor<(Times<Groups, Channels>,), B>,
    /// What is added to the variance: a number from 0 on.
    pub epsilon: f64,
}

impl<Groups: Dim, Channels: Dim, B: Backend<Elem: Float>> GroupNorm<Groups, Channels, B> {
    /// The layer on the channels of `x`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::GroupNorm;
    /// dims! { Batch = 1; Groups = 1; Channels = 2; Time = 1; }
    /// let norm = GroupNorm::new(Groups, Channels, 0.0);
    /// let x = Tensor::from_vec((Batch, Times(Groups, Channels), Time), vec![10.0, 30.0])?;
    /// assert_eq!(norm.forward(&x).to_vec(), [-1.0, 1.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn forward<S, Position>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        S: Axis<Times<Groups, Channels>, Position, Dim = Times<Groups, Channels>, Removed: OfAllRanks + Unpadded>,
        Channels: Whole + Averaged,
    {
        let x = x.clone().same::<B>();
        let sizes = x.sizes().as_ref().to_vec();
        let Times(groups, _) = self.weight.shape().0;
        // The batch, the channels, and all else; without another dimension there is no batch.
        let batch = if S::INDEX == 0 { 1 } else { sizes[0] };
        let mut order: Vec<usize> = (0..S::RANK).collect();
        order[S::INDEX.min(1)..=S::INDEX].rotate_right(1);
        let moved = B::permute(x.array(), &order);
        let each = sizes.iter().product::<usize>().checked_div(batch * groups.size()).unwrap_or(0);
        let grouped = B::reshape(&moved, &[batch, groups.size(), each]);
        let ones = B::filled(constant(1.0), &[each], &x.device());
        let normal = B::layer_norm(grouped, &ones, None, checked(self.epsilon));
        let normal = B::reshape(&normal, B::sizes(&moved));
        let mut back = vec![0; S::RANK];
        order.iter().enumerate().for_each(|(to, &from)| back[from] = to);
        let normal = B::permute(&normal, &back);
        let [weight, bias] = [&self.weight, &self.bias].map(|of| along::<B>(of.array(), x.array(), S::INDEX));
        let array = B::binary(Binary::Add, B::binary(Binary::Mul, normal, weight), bias);
        report::<B>(self.weight.array(), x.shape(), &array);
        Tensor::from_parts(x.shape(), array)
    }
}

impl<Groups: Dim, Channels: Dim> GroupNorm<Groups, Channels> {
    /// A new layer of so many groups, and so many channels in each: factors of one, and zeros added.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::GroupNorm;
    /// dims! { Groups = 2; Channels = 3; }
    /// assert_eq!(GroupNorm::new(Groups, Channels, 1e-5).weight.to_vec(), [1.0; 6]);
    /// ```
    ///
    /// # Panics
    /// Epsilon is negative or NaN.
    pub fn new(groups: Groups, channels: Channels, epsilon: f64) -> Self {
        let all = Times(groups, channels);
        GroupNorm { weight: Tensor::ones((all,)), bias: Tensor::zeros((all,)), epsilon: checked(epsilon) }
    }
}

impl<Groups: Dim, Channels: Dim, B: Backend<Elem: Stored>> GroupNorm<Groups, Channels, B> {
    /// Takes `weight` and `bias`. If epsilon is negative or NaN, loading ends with an error that says so.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// # #[cfg(feature = "safetensors")] {
    /// use congruent::{io::{SafeTensors, Weights, Writer, load}, nn::GroupNorm};
    /// dims! { Groups = 2; Channels = 3; }
    /// let mut writer = Writer::default();
    /// writer.module("norm1", &GroupNorm::new(Groups, Channels, 1e-5));
    /// let file = SafeTensors::from_bytes(writer.to_bytes()?)?;
    /// let norm = load(&file, |weights: Weights<f32>| GroupNorm::load(&weights.at("norm1"), Groups, Channels, 1e-5))?;
    /// assert_eq!(norm.weight.to_vec(), [1.0; 6]);
    /// # }
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    pub fn load(
        weights: &Weights<'_, B::Elem, impl SameBackend<B>>,
        groups: Groups,
        channels: Channels,
        epsilon: f64,
    ) -> Self {
        check(weights, epsilon);
        let [weight, bias] = ["weight", "bias"].map(|name| weights.tensor(name, (Times(groups, channels),)).same());
        GroupNorm { weight, bias, epsilon }
    }
}
