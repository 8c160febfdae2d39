//! Dropout ([Srivastava et al. 2014](https://jmlr.org/papers/v15/srivastava14a.html)).

use super::InTraining;
use crate::Rng;
use crate::backend::{ArrayOf, Backend, DeviceOf, Float, PrimitiveOf, constant};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Zeros a share of the elements in training, and scales the others up; does nothing in inference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share of elements that become zero, from 0 up to 1.
    pub rate: f64,
}

impl Dropout {
    /// In inference: `x` as it is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Dropout;
    /// dims! { Embed = 3; }
    /// assert_eq!(Dropout { rate: 0.5 }.forward(&Tensor::ones((Embed,))).to_vec(), [1.0; 3]);
    /// ```
    pub fn forward<S: Shape, B: Backend>(self, x: &Tensor<S, B>) -> Tensor<S, B> {
        x.clone()
    }

    /// In training: elements chosen at random become zero, the others `1 / (1 - rate)` times as large. That this is training is
    /// for the caller to say, by [`Training`](super::Training): it is done inside [`no_grad`](crate::no_grad) too.
    ///
    /// ```
    /// use congruent::{nn::{Dropout, Training}, prelude::*};
    /// dims! { Embed = 100; }
    /// let mut rng = Rng::with_seed(1);
    /// let mut training = Training::new(&mut rng);
    /// let y = Dropout { rate: 0.5 }.forward_training(&Tensor::ones((Embed,)), &mut training);
    /// assert!(y.to_vec().iter().all(|&x| x == 0.0 || x == 2.0));
    /// ```
    ///
    /// # Panics
    /// The rate is not a number from 0 to 1.
    #[track_caller]
    pub fn forward_training<S: Shape, B: Backend<Elem: Float>>(
        self,
        x: &Tensor<S, B>,
        training: &mut impl InTraining,
    ) -> Tensor<S, B> {
        self.chosen_by(x, training.rng())
    }

    #[track_caller]
    pub(super) fn chosen_by<S: Shape, B: Backend<Elem: Float>>(self, x: &Tensor<S, B>, rng: &mut Rng) -> Tensor<S, B> {
        x * &Tensor::from_parts(x.shape(), self.factors::<_, B>(x.shape(), &x.device(), rng))
    }

    /// What the elements of such a tensor are multiplied by.
    #[track_caller]
    pub(super) fn factors<S: Shape, B: Backend<Elem: Float>>(
        self,
        shape: S,
        device: &DeviceOf<B>,
        rng: &mut Rng,
    ) -> ArrayOf<B> {
        let factors = if S::IS_SHARDED {
            // What becomes zero is what would in one process.
            let part = shape.part();
            part.of(&self.chosen::<B>(part.whole().iter().product(), rng))
        } else {
            self.chosen::<B>(shape.elements(), rng)
        };
        B::from_elements(factors, shape.sizes().as_ref(), device)
    }

    #[track_caller]
    fn chosen<B: Backend<Elem: Float>>(self, count: usize, rng: &mut Rng) -> Vec<PrimitiveOf<B>> {
        assert!((0.0..=1.0).contains(&self.rate), "`rate` is {}, expected a number from 0 to 1", self.rate);
        let scale = constant((1.0 - self.rate).recip());
        (0..count).map(|_| if rng.f64() < self.rate { num_traits::zero() } else { scale }).collect()
    }
}
