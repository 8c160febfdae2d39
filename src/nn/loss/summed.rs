//! Means over the targets of several batches.

use crate::backend::{
    ArrayOf, Autodiff, Backend, Binary, Collective, Engine, Float, MeshAxis, PrimitiveOf, Reduce, With, constant,
    elements, no_grad,
};
use crate::cpu::Cpu;
use crate::dim::{Dim, Ragged};
use crate::mask::{LengthsOf, PaddedPositions, fill_behind};
use crate::module::Module;
use crate::shape::{OfAllRanks, SameShape, Shape, Unpadded};
use crate::tensor::{Gradients, SameBackend, Tensor, sum_of_chosen};

/// The sum of losses, and of how many: what a batch adds to a mean over several.
#[must_use = "it is added to a `MeanOver`"]
pub struct SumOver<B: Backend = Cpu<f32>> {
    sum: Tensor<(), B>,
    count: usize,
}

impl<B: Backend<Elem: Float>> SumOver<B> {
    /// The sum of all losses of a batch.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::SumOver;
    /// dims! { Batch = 2; Targets = 2; }
    /// let losses = Tensor::from_nested((Batch, Targets), [[1.0, 2.0], [3.0, 6.0]]);
    /// assert_eq!(SumOver::all(&losses).mean().scalar(), 3.0);
    /// ```
    pub fn all<S: OfAllRanks + Unpadded>(losses: &Tensor<S, B>) -> Self {
        let count = losses.shape().elements();
        let sum = B::reduce(Reduce::Sum, &B::reshape(losses.array(), &[count]), 0);
        SumOver { sum: Tensor::from_parts((), sum), count }
    }

    /// The mean of this batch alone; zero if it has none.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::sum_of_valid;
    /// dims! { Batch = 2; Seq = 2; }
    /// let losses = Tensor::from_slice((Batch, Ragged(Seq)), &[1.0, 2.0, 6.0, 999.0])?;
    /// let sum = sum_of_valid(&losses, &Lengths::new(Batch, Ragged(Seq), &[2, 1])?);
    /// assert_eq!(sum.mean().scalar(), 3.0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn mean(&self) -> Tensor<(), B> {
        let share = constant::<B::Elem>((self.count.max(1) as f64).recip());
        Tensor::from_parts((), B::binary_scalar(Binary::Mul, self.sum.array().clone(), share))
    }

    /// How many losses there are.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::sum_of_valid;
    /// dims! { Batch = 2; Seq = 2; }
    /// let losses = Tensor::ones((Batch, Ragged(Seq)));
    /// assert_eq!(sum_of_valid(&losses, &Lengths::new(Batch, Ragged(Seq), &[2, 1])?).count(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn count(&self) -> usize {
        self.count
    }
}

/// The sum over all valid positions of a batch: of all ranks, where each has a part of the batch or of its sequences, whose losses and
/// numbers of positions are added up.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::nn::sum_of_valid;
/// dims! { Batch = 2; Seq = 2; }
/// let losses = Tensor::from_slice((Batch, Ragged(Seq)), &[1.0, 2.0, 6.0, 999.0])?;
/// let sum = sum_of_valid(&losses, &Lengths::new(Batch, Ragged(Seq), &[2, 1])?);
/// assert_eq!((sum.mean().scalar(), sum.count()), (3.0, 3));
/// # Ok::<(), Error>(())
/// ```
pub fn sum_of_valid<S, N, K, B>(losses: &Tensor<S, B>, lengths: &impl LengthsOf<N, Ragged<K>>) -> SumOver<B>
where
    S: PaddedPositions<Batch = N, Length = K>,
    N: Dim,
    K: Dim,
    B: Backend<Elem: Float>,
{
    let valid = losses.shape().valid(lengths.lengths());
    let filled = fill_behind::<B>(losses.array(), &valid, num_traits::zero());
    let sum = B::reduce(Reduce::Sum, &B::reduce(Reduce::Sum, &filled, 1), 0);
    let (mut sum, mut count) = (sum, valid.iter().sum());
    for axis in losses.shape().mesh_axes().iter() {
        sum = B::Engine::together::<PrimitiveOf<B>>(Collective::Sum, &sum, axis);
        count = total::<B>(count, &sum, axis);
    }
    SumOver { sum: Tensor::from_parts((), sum), count }
}

/// The sum of what the ranks along an axis have counted.
fn total<B: Backend>(count: usize, beside: &ArrayOf<B>, axis: MeshAxis) -> usize {
    let own = With::<B, f64>::from_elements(vec![count as f64], &[1], &B::device(beside));
    elements::<With<B, f64>>(&B::Engine::together::<f64>(Collective::Sum, &own, axis))[0] as usize
}

/// The sum over the positions that are chosen. What is not chosen has no part in it, whatever it is.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::nn::sum_where;
/// dims! { Targets = 3; }
/// let losses = Tensor::from_nested((Targets,), [1.0, f32::NAN, 5.0]);
/// let sum = sum_where(&losses, &losses.less_than(10.0));
/// assert_eq!((sum.mean().scalar(), sum.count()), (3.0, 2));
/// ```
pub fn sum_where<S, R, B, C>(losses: &Tensor<S, B>, chosen: &Tensor<R, C>) -> SumOver<B>
where
    C: SameBackend<With<B, bool>>,
    S: OfAllRanks + Unpadded,
    R: Shape + SameShape<S>,
    B: Backend<Elem: Float>,
{
    let sum = sum_of_chosen::<B>(losses.array(), chosen.array());
    let count = chosen.to_vec().into_iter().filter(|chosen| *chosen).count();
    SumOver { sum: Tensor::from_parts((), sum), count }
}

/// The gradients of the mean over all targets of several batches, with the memory of one batch: as if they had been one.
///
/// The mean of the means of batches is not that mean where they have different numbers of targets: short ones would weigh
/// more. So each batch gives the sum of its losses and their number, and what is divided is the sum of all.
///
/// ```
/// use congruent::nn::{MeanOver, sum_of_valid};
/// use congruent::prelude::*;
/// dims! { Batch = 1; Seq = 4; }
/// let model = Tensor::ones((Ragged(Seq),)).tracked();
/// let mut mean = MeanOver::new();
/// // One text of 4 tokens whose losses are 1, one of 1 token whose loss is 6.
/// for (loss, length) in [(1.0, 4), (6.0, 1)] {
///     let losses = Tensor::full((Batch, Ragged(Seq)), loss) * &model;
///     mean.add(&model, sum_of_valid(&losses, &Lengths::new(Batch, Ragged(Seq), &[length])?));
/// }
/// assert_eq!((mean.loss(), mean.count()), (2.0, 5));
/// let gradients = mean.into_gradients(&model).expect("two batches");
/// assert_eq!(gradients.of(&model).to_vec(), [1.4, 0.2, 0.2, 0.2]);
/// # Ok::<(), Error>(())
/// ```
pub struct MeanOver<B: Autodiff = Cpu<f32>> {
    gradients: Option<Gradients<B>>,
    sum: f64,
    count: usize,
}

impl<B: Autodiff> MeanOver<B> {
    /// Over no batch yet.
    ///
    /// ```
    /// use congruent::nn::MeanOver;
    /// let mean: MeanOver = MeanOver::new();
    /// assert_eq!((mean.loss(), mean.count()), (0.0, 0));
    /// ```
    pub fn new() -> Self {
        MeanOver { gradients: None, sum: 0.0, count: 0 }
    }

    /// Adds the losses of a batch, which `model` gave. What was recorded for them is freed.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MeanOver, SumOver};
    /// dims! { Targets = 2; }
    /// let model = Tensor::ones((Targets,)).tracked();
    /// let mut mean = MeanOver::new();
    /// for factor in [1.0, 3.0] {
    ///     mean.add(&model, SumOver::all(&(&model * factor)));
    /// }
    /// assert_eq!(mean.loss(), 2.0);
    /// ```
    ///
    /// # Panics
    /// The losses depend on no parameter of the model that is tracked: see [`Gradients::accumulate`].
    #[track_caller]
    pub fn add<M: Module<B>>(&mut self, model: &M, losses: SumOver<impl SameBackend<B>>) {
        self.sum += num_traits::ToPrimitive::to_f64(&losses.sum.scalar()).unwrap_or(f64::NAN);
        self.count += losses.count;
        let gradients = losses.sum.same::<B>().backward();
        match &mut self.gradients {
            Some(sum) => sum.accumulate(model, &gradients),
            None => self.gradients = Some(gradients),
        }
    }

    /// The mean so far; zero over nothing.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MeanOver, SumOver};
    /// dims! { Targets = 2; }
    /// let model = Tensor::from_nested((Targets,), [1.0, 4.0]).tracked();
    /// let mut mean = MeanOver::new();
    /// mean.add(&model, SumOver::all(&model));
    /// assert_eq!(mean.loss(), 2.5);
    /// ```
    pub fn loss(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// How many targets there were.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MeanOver, SumOver};
    /// dims! { Targets = 2; }
    /// let model = Tensor::ones((Targets,)).tracked();
    /// let mut mean = MeanOver::new();
    /// mean.add(&model, SumOver::all(&model));
    /// assert_eq!(mean.count(), 2);
    /// ```
    pub fn count(&self) -> usize {
        self.count
    }

    /// The gradients of the mean with respect to the parameters of the model; none if no batch was added.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{MeanOver, SumOver};
    /// dims! { Targets = 2; }
    /// let model = Tensor::ones((Targets,)).tracked();
    /// let mut mean = MeanOver::new();
    /// mean.add(&model, SumOver::all(&(&model * 3.0)));
    /// let gradients = mean.into_gradients(&model).expect("one batch");
    /// assert_eq!(gradients.of(&model).to_vec(), [1.5, 1.5]);
    /// ```
    pub fn into_gradients<M: Module<B>>(self, model: &M) -> Option<Gradients<B>> {
        let share = constant::<B::Elem>((self.count.max(1) as f64).recip());
        self.gradients.map(|mut gradients| {
            model.for_each(|parameter| {
                if let Some(gradient) = gradients.of_parameter(&parameter) {
                    let share = no_grad(|| B::binary_scalar(Binary::Mul, gradient, share));
                    gradients.set(parameter.array(), share);
                }
            });
            gradients
        })
    }
}

impl<B: Autodiff> Default for MeanOver<B> {
    fn default() -> Self {
        Self::new()
    }
}
