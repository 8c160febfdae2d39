//! Derivatives along a direction, and of gradients.
//!
//! A dual number is a value and how fast it changes along a direction, its slope
//! ([Clifford 1873](https://doi.org/10.1112/plms/s1-4.1.381)). [`Duals`] is an engine of them on any other: what is generic over
//! its backend calculates a derivative beside its value, in one pass forwards. Slopes are made by operations of the engine
//! beneath, which records them as any others. So the gradient of a slope is a derivative of a gradient, whatever the engine's
//! own backward pass is made of ([Pearlmutter 1994](https://doi.org/10.1162/neco.1994.6.1.147)). What has one kernel on that
//! engine, as attention, is composed of others here.
//!
//! ```
//! use congruent::backend::Backend;
//! use congruent::dual::{hessian_vector_product, jacobian_vector_product};
//! use congruent::prelude::*;
//! dims! { Embed = 2; }
//!
//! fn cubes<B: Backend<Elem = f32>>(x: &Tensor<(Embed,), B>) -> Tensor<(Embed,), B> {
//!     x * x * x
//! }
//!
//! let x = Tensor::from_nested((Embed,), [1.0, 2.0]);
//! let direction = Tensor::from_nested((Embed,), [1.0, 0.5]);
//! let (value, slope) = jacobian_vector_product(|x| cubes(&x), &x, &direction);
//! assert_eq!(value.to_vec(), [1.0, 8.0]);
//! assert_eq!(slope.to_vec(), [3.0, 6.0]);
//! let product = hessian_vector_product(|x| cubes(&x).sum(Embed), &x, &direction);
//! assert_eq!(product.to_vec(), [6.0, 6.0]);
//! ```
//!
//! # By hand
//!
//! Several tensors have a direction, or a model's parameters: each is made a tensor of dual numbers, and the gradients of the
//! slope are those with respect to the tensors that were tracked before. A penalty on a gradient, as in
//! [Gulrajani et al. 2017](https://arxiv.org/abs/1704.00028), is the slope along that gradient:
//!
//! ```
//! use congruent::backend::Backend;
//! use congruent::nn::Linear;
//! use congruent::prelude::*;
//! dims! { Embed = 2; Hidden = 3; }
//!
//! fn critic<B: Backend<Elem = f32>>(layer: &Linear<Embed, Hidden, B>, x: &Tensor<(Embed,), B>) -> Tensor<(), B> {
//!     layer.forward(x).tanh().sum(Hidden)
//! }
//!
//! let mut layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).without_bias();
//! layer.track();
//! let x = Tensor::from_nested((Embed,), [1.0, -1.0]).tracked();
//! let gradient = critic(&layer, &x).backward().of(&x);
//! // |g|² is the slope along g; of its gradient half is by the slope, half by the direction, which is the same.
//! let of_duals = Linear { weight: layer.weight.dual(), bias: None };
//! let penalty = critic(&of_duals, &x.detach().dual_along(&gradient)).slope();
//! assert!((&penalty - gradient.square().sum(Embed)).abs().scalar() < 1e-5);
//! let gradients = (penalty * 2.0).backward();
//! let of_weight: Tensor<(Hidden, Embed)> = gradients.of(&layer.weight);
//! ```

mod engine;
mod slope;

pub use engine::{Dual, Duals, WithSlope};

use crate::backend::{Autodiff, Backend, Float};
use crate::shape::Shape;
use crate::tensor::{SameBackend, Tensor};

/// The backend of dual numbers on the backend `B`.
pub type DualOf<B> = Dual<<B as Backend>::Engine, <B as Backend>::Elem>;

/// Dual numbers made, and taken apart.
impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// The same numbers, which do not change along any direction.
    pub fn dual(&self) -> Tensor<S, DualOf<B>> {
        Tensor::from_parts(self.shape(), WithSlope { value: self.array().clone(), slope: None })
    }

    /// The same numbers, which change by `direction`.
    pub fn dual_along(&self, direction: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, DualOf<B>> {
        let slope = Some(direction.array().clone());
        Tensor::from_parts(self.shape(), WithSlope { value: self.array().clone(), slope })
    }
}

impl<S: Shape, E: crate::backend::Engine, T: Float> Tensor<S, Dual<E, T>> {
    /// The numbers themselves.
    pub fn value(&self) -> Tensor<S, E::Backend<T>> {
        Tensor::from_parts(self.shape(), self.array().value.clone())
    }

    /// How fast they change.
    pub fn slope(&self) -> Tensor<S, E::Backend<T>> {
        let array = self.array();
        let zeros = || E::Backend::<T>::filled(T::zero(), self.sizes().as_ref(), &E::device(&array.value));
        Tensor::from_parts(self.shape(), array.slope.clone().unwrap_or_else(zeros))
    }
}

/// `f(x)`, and how fast it changes along `direction`: the product of its Jacobian matrix with that.
#[doc(alias("jvp", "forward_mode", "pushforward"))]
pub fn jacobian_vector_product<S: Shape, R: Shape, B: Backend<Elem: Float>>(
    f: impl FnOnce(Tensor<S, DualOf<B>>) -> Tensor<R, DualOf<B>>,
    x: &Tensor<S, B>,
    direction: &Tensor<S, B>,
) -> (Tensor<R, B>, Tensor<R, B>) {
    let y = f(x.dual_along(direction));
    let [value, slope] = [y.value(), y.slope()].map(Tensor::into_array);
    (Tensor::from_parts(y.shape(), value), Tensor::from_parts(y.shape(), slope))
}

/// How fast the gradient of `f` at `x` changes along `direction`: the product of the Hessian matrix with that, in the time of
/// two or three gradients.
///
/// What `f` holds beside has no part in it. Zeros if `f` does not depend on `x`, or is linear.
#[doc(alias("hvp", "hessian", "grad_of_grad", "create_graph"))]
pub fn hessian_vector_product<S: Shape, B: Autodiff>(
    f: impl FnOnce(Tensor<S, DualOf<B>>) -> Tensor<(), DualOf<B>>,
    x: &Tensor<S, B>,
    direction: &Tensor<S, B>,
) -> Tensor<S, B> {
    let x = x.detach().tracked();
    let slope = f(x.dual_along(&direction.detach())).into_array().slope;
    let zeros = || B::filled(num_traits::zero(), x.sizes().as_ref(), &x.device());
    let gradient = slope.filter(B::is_tracked).and_then(|slope| B::gradient(&B::backward(slope), x.array()));
    Tensor::from_parts(x.shape(), gradient.unwrap_or_else(zeros))
}
