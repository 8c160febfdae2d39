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
//! # Of a model
//!
//! The parameters of a model change by those of another one ([`model_along`]); ids do not change ([`Tensor::dual`]), and masks
//! go over by `to_engine`. Gradients of the slope are those with respect to what was tracked before, here the product of the
//! Hessian matrix of all parameters with the direction:
//!
//! ```
//! use congruent::backend::Backend;
//! use congruent::dim::Next;
//! use congruent::dual::model_along;
//! use congruent::nn::{Embedding, Linear, next_token_loss};
//! use congruent::prelude::*;
//! dims! { Batch = 2; Seq = 3; Vocab = 10; Embed = 4; }
//!
//! #[derive(Module)]
//! struct Model<B: Backend = Cpu<f32>> {
//!     embedding: Embedding<Vocab, Embed, B>,
//!     hidden: Linear<Embed, Embed, B>,
//! }
//!
//! impl<B: Backend<Elem = f32>> Model<B> {
//!     fn loss(&self, ids: &TensorOf<(Batch, Seq), Index<Vocab>, B>) -> Tensor<(), B> {
//!         let hidden = self.hidden.forward(&self.embedding.forward(ids)).tanh();
//!         next_token_loss(&self.embedding.logits(&hidden), ids).mean(Next(Seq)).mean(Batch)
//!     }
//! }
//!
//! fn random(rng: &mut Rng) -> Model {
//!     Model { embedding: Embedding::random(Vocab, Embed, rng), hidden: Linear::random(Embed, Embed, rng) }
//! }
//!
//! let mut rng = Rng::with_seed(1);
//! let (mut model, direction) = (random(&mut rng), random(&mut rng));
//! model.track();
//! let ids = Ids::new((Batch, Seq), Vocab, &[1, 2, 3, 9, 8, 7]).unwrap();
//! let slope = model_along(&model, &direction).loss(&ids.dual()).slope();
//! let products = slope.backward();
//! let of_embedding: Tensor<(Vocab, Embed)> = products.of(&model.embedding.weight);
//! # let curvature: Tensor<()> = (of_embedding * &direction.embedding.weight).sum(Embed).sum(Vocab);
//! # assert!(curvature.scalar() != 0.0);
//! ```
//!
//! # A penalty on a gradient
//!
//! No backward pass is recorded, so that a loss of gradients, as the penalty of
//! [Gulrajani et al. 2017](https://arxiv.org/abs/1704.00028), has gradients in two steps: those of the penalty with respect to the
//! gradient `g` that it is of are a direction, and the slope along it, of which they are a constant, has the gradients of the
//! penalty with respect to all parameters, since `g` changes as the slope does:
//!
//! ```
//! use congruent::backend::Backend;
//! use congruent::dual;
//! use congruent::nn::Linear;
//! use congruent::prelude::*;
//! dims! { Batch = 4; Embed = 2; Hidden = 3; }
//!
//! #[derive(Module)]
//! struct Critic<B: Backend = Cpu<f32>>(Linear<Embed, Hidden, B>);
//!
//! impl<B: Backend<Elem = f32>> Critic<B> {
//!     fn scores(&self, x: &Tensor<(Batch, Embed), B>) -> Tensor<(Batch,), B> {
//!         self.0.forward(x).tanh().sum(Hidden)
//!     }
//! }
//!
//! let mut rng = Rng::with_seed(1);
//! let mut critic = Critic(Linear::random(Embed, Hidden, &mut rng));
//! critic.track();
//! let [real, made] = [(); 2].map(|()| Tensor::normal((Batch, Embed), 0.0, 1.0, &mut rng));
//! let loss = (critic.scores(&made) - critic.scores(&real)).mean(Batch);
//!
//! let between = (&real * 0.3 + &made * 0.7).tracked();
//! let g = critic.scores(&between).sum(Batch).backward().of(&between).tracked();
//! let penalty = (g.norm(Embed) - 1.0).square().mean(Batch);
//! let direction = penalty.backward().of(&g);
//! let slope = dual::model(&critic).scores(&between.detach().dual_along(&direction)).sum(Batch).slope();
//! // Its value is not that of the loss with its penalty, and its gradients are.
//! let gradients = (loss + slope * 10.0).backward();
//! let of_weight: Tensor<(Hidden, Embed)> = gradients.of(&critic.0.weight);
//! ```

mod engine;
mod model;
mod slope;

pub use engine::{Dual, Duals, WithSlope};
pub use model::{model, model_along};

use crate::backend::{Autodiff, Backend, Float};
use crate::shape::Shape;
use crate::tensor::{SameBackend, Tensor};

/// The backend of dual numbers on the backend `B`.
pub type DualOf<B> = Dual<<B as Backend>::Engine, <B as Backend>::Elem>;

/// # Derivatives along a direction
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The same elements, which do not change along any direction: ids, integers and truth values never do.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::full((Embed,), 3.0).dual();
    /// assert_eq!((x.value().to_vec(), x.slope().to_vec()), (vec![3.0; 2], vec![0.0; 2]));
    /// ```
    pub fn dual(&self) -> Tensor<S, DualOf<B>> {
        Tensor::from_parts(self.shape(), WithSlope { value: self.array().clone(), slope: None })
    }
}

/// Dual numbers made, and taken apart.
impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// The same numbers, which change by `direction`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::full((Embed,), 3.0).dual_along(&Tensor::from_nested((Embed,), [1.0, 0.5]));
    /// assert_eq!(x.square().slope().to_vec(), [6.0, 3.0]);
    /// ```
    pub fn dual_along(&self, direction: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, DualOf<B>> {
        let slope = Some(direction.array().clone());
        Tensor::from_parts(self.shape(), WithSlope { value: self.array().clone(), slope })
    }
}

impl<S: Shape, E: crate::backend::Engine, T: Float> Tensor<S, Dual<E, T>> {
    /// The numbers themselves.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::full((Embed,), 3.0).dual_along(&Tensor::ones((Embed,)));
    /// assert_eq!(x.square().value().to_vec(), [9.0, 9.0]);
    /// ```
    pub fn value(&self) -> Tensor<S, E::Backend<T>> {
        Tensor::from_parts(self.shape(), self.array().value.clone())
    }

    /// How fast they change.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::full((Embed,), 3.0).dual_along(&Tensor::ones((Embed,)));
    /// assert_eq!(x.square().slope().to_vec(), [6.0, 6.0]);
    /// ```
    pub fn slope(&self) -> Tensor<S, E::Backend<T>> {
        let array = self.array();
        let zeros = || E::Backend::<T>::filled(T::zero(), self.sizes().as_ref(), &E::device(&array.value));
        Tensor::from_parts(self.shape(), array.slope.clone().unwrap_or_else(zeros))
    }
}

/// `f(x)`, and how fast it changes along `direction`: the product of its Jacobian matrix with that.
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::dual::jacobian_vector_product;
/// dims! { Embed = 2; }
/// let (x, direction) = (Tensor::full((Embed,), 3.0), Tensor::from_nested((Embed,), [1.0, 0.5]));
/// let (value, slope) = jacobian_vector_product(|x| x.square(), &x, &direction);
/// assert_eq!((value.to_vec(), slope.to_vec()), (vec![9.0; 2], vec![6.0, 3.0]));
/// ```
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
///
/// ```
/// # use congruent::prelude::*;
/// use congruent::dual::hessian_vector_product;
/// dims! { Embed = 2; }
/// let (x, direction) = (Tensor::full((Embed,), 3.0), Tensor::from_nested((Embed,), [1.0, 0.5]));
/// let product = hessian_vector_product(|x| (x.square() * &x).sum(Embed), &x, &direction);
/// assert_eq!(product.to_vec(), [18.0, 9.0]);
/// ```
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
