//! Gradients.

use super::Tensor;
use crate::backend::{ArrayOf, Autodiff, Backend};
use crate::cpu::Cpu;
use crate::sealed::Sealed;
use crate::shape::{Described, Is, OneNumber, Shape};
use std::fmt::{self, Debug, Formatter};

/// The gradients of a loss with respect to the tensors that were tracked.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 3; }
/// let x = Tensor::from_fn((Batch, Embed), |[b, e]| (3 * b + e) as f32);
/// let weight = Tensor::ones((Embed,)).tracked();
/// let loss: Tensor<()> = (x * &weight).sum(Batch).sum(Embed);
/// let gradients = loss.backward();
/// let gradient: Tensor<(Embed,)> = gradients.of(&weight);
/// assert_eq!(gradient.to_vec(), [3.0, 5.0, 7.0]);
/// ```
///
/// The type says that it is as large as the tensor; a loss that is not one number does not compile:
///
/// ```compile_fail,E0277
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 3; }
/// let losses: Tensor<(Batch,)> = Tensor::ones((Batch, Embed)).tracked().sum(Embed);
/// losses.backward();
/// ```
#[doc(alias("grad", "zero_grad"))]
pub struct Gradients<B: Autodiff = Cpu<f32>>(B::Gradients);

/// That gradients on `B` may be those with respect to tensors on this backend: it is of the same engine, whatever its elements.
#[diagnostic::on_unimplemented(
    message = "gradients on `{B}` and tensors on `{Self}` do not go together",
    label = "this is on `{Self}`, the gradients are on `{B}`",
    note = "gradients stay on the engine that calculated them: a loss there has gradients with respect to what was tracked there",
    note = "a gradient goes to another engine as any tensor does: `gradients.of(&x).to_engine::<{Self}>(&device)`",
    note = "explained in `congruent::errors::C76`: https://docs.rs/congruent/latest/congruent/errors/C76/"
)]
pub trait TrackedWith<B: Autodiff>: Autodiff {
    #[doc(hidden)]
    fn own(gradients: &B::Gradients, x: &ArrayOf<Self>) -> Option<ArrayOf<Self>>;
    #[doc(hidden)]
    fn moved(gradients: B::Gradients) -> Self::Gradients;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Autodiff, C: Autodiff<Engine = B::Engine, Gradients = B::Gradients>> TrackedWith<B> for C {
    fn own(gradients: &B::Gradients, x: &ArrayOf<C>) -> Option<ArrayOf<C>> {
        C::gradient(gradients, x)
    }
    fn moved(gradients: B::Gradients) -> C::Gradients {
        gradients
    }
    fn sealed(_: Sealed) {}
}

/// That gradients on this backend are taken by an optimizer, or beside others, on `B`: it is the same one.
#[diagnostic::on_unimplemented(
    message = "gradients on `{Self}` are given to what takes those on `{B}`",
    label = "these gradients are on `{Self}`, expected `{B}`",
    note = "gradients stay on the engine that calculated them: the model, its optimizer and the loss are on one backend, `Optimizer::<{Self}>::new(rule)`",
    note = "explained in `congruent::errors::C76`: https://docs.rs/congruent/latest/congruent/errors/C76/"
)]
pub trait GradientsFor<B: Autodiff>: Autodiff {
    #[doc(hidden)]
    fn taken(gradients: &Gradients<Self>) -> &Gradients<B>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Autodiff> GradientsFor<B> for B {
    fn taken(gradients: &Gradients<B>) -> &Gradients<B> {
        gradients
    }
    fn sealed(_: Sealed) {}
}

impl<B: Autodiff> Gradients<B> {
    /// The gradient with respect to a tensor that [`Tensor::tracked`] gave, whatever its elements: zeros where the loss does
    /// not depend on it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let (x, unused) = (Tensor::full((Embed,), 3.0).tracked(), Tensor::ones((Embed,)).tracked());
    /// let gradients = x.square().sum(Embed).backward();
    /// assert_eq!(gradients.of(&x).to_vec(), [6.0, 6.0]);
    /// assert_eq!(gradients.of(&unused).to_vec(), [0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// The tensor is not tracked.
    #[track_caller]
    pub fn of<S: Shape, C>(&self, x: &Tensor<S, C>) -> Tensor<S, C>
    where
        C: TrackedWith<B>,
    {
        let shape = Described::new(x.shape);
        assert!(
            x.is_tracked(),
            "no gradient with respect to a constant of shape {shape}: track it before the loss is calculated"
        );
        let zeros = || Tensor::from_parts(x.shape, C::filled(num_traits::zero(), x.sizes().as_ref(), &x.device()));
        self.get(x).unwrap_or_else(zeros)
    }

    /// The gradient with respect to a tensor that [`Tensor::tracked`] gave, if the loss depends on it.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let (x, y) = (Tensor::ones((Embed,)).tracked(), Tensor::ones((Embed,)).tracked());
    /// let gradients = x.square().sum(Embed).backward();
    /// assert_eq!(gradients.get(&x).unwrap().to_vec(), [2.0; 3]);
    /// assert!(gradients.get(&y).is_none());
    /// assert_eq!(gradients.of(&y).to_vec(), [0.0; 3]);
    /// ```
    pub fn get<S: Shape, C>(&self, x: &Tensor<S, C>) -> Option<Tensor<S, C>>
    where
        C: TrackedWith<B>,
    {
        C::own(&self.0, &x.array).map(|array| Tensor::from_parts(x.shape, array))
    }

    /// The same gradients for what takes those on `C`, a backend of other elements on the same engine: an optimizer of parameters in
    /// half precision, of a loss in single.
    ///
    /// ```
    /// use congruent::half::f16;
    /// use congruent::optim::{Optimizer, Sgd};
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let mut model = Cpu::<f16>::ones((Embed,)).tracked();
    /// let gradients = model.cast::<f32>().square().sum(Embed).backward();
    /// let rule = Sgd { learning_rate: 0.25, ..Sgd::default() };
    /// Optimizer::new(rule).step(&mut model, &gradients.on::<Cpu<f16>>(), 1.0);
    /// assert_eq!(model.to_vec(), [f16::from_f32(0.5); 2]);
    /// ```
    pub fn on<C: TrackedWith<B>>(self) -> Gradients<C> {
        Gradients(C::moved(self.0))
    }
}

impl<B: Autodiff> Gradients<B> {
    /// The gradient with respect to an array.
    pub(crate) fn of_array(&self, x: &ArrayOf<B>) -> Option<ArrayOf<B>> {
        B::gradient(&self.0, x)
    }

    /// Puts another in its place.
    pub(crate) fn set(&mut self, x: &ArrayOf<B>, gradient: ArrayOf<B>) {
        B::set_gradient(&mut self.0, x, gradient);
    }
}

impl<B: Autodiff> Debug for Gradients<B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

/// What gradients are calculated with respect to.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The same tensor, tracked: what is calculated of it is recorded, so that [`backward`](Tensor::backward) can
    /// calculate gradients with respect to it. A parameter, usually; a result in between gives its gradient too.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::full((Embed,), 3.0).tracked();
    /// let y = x.square().tracked();
    /// let gradients = (&y * 2.0).sum(Embed).backward();
    /// assert_eq!(gradients.of(&y).to_vec(), [2.0; 2]);
    /// assert_eq!(gradients.of(&x).to_vec(), [12.0; 2]);
    /// ```
    #[doc(alias("requires_grad", "requires_grad_"))]
    pub fn tracked(self) -> Self
    where
        B: Autodiff,
    {
        Tensor::from_parts(self.shape, B::track(self.array))
    }

    /// Whether the tensor is tracked, or was calculated of one that is. Operations on tensors that are not record
    /// nothing.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::ones((Embed,)).tracked();
    /// assert!((&x * 2.0).is_tracked());
    /// assert!(!x.detach().is_tracked());
    /// ```
    pub fn is_tracked(&self) -> bool {
        B::is_tracked(&self.array)
    }

    /// The same tensor as a constant: gradients go no further back.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::full((Embed,), 3.0).tracked();
    /// let gradients = (&x * &x.detach()).sum(Embed).backward();
    /// assert_eq!(gradients.of(&x).to_vec(), [3.0; 2]);
    /// ```
    #[doc(alias = "detach_")]
    pub fn detach(&self) -> Self {
        Tensor::from_parts(self.shape, B::detach(self.array.clone()))
    }
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The gradients of this number, a tensor of shape `()`, with respect to all tensors that it depends on and that were
    /// [`tracked`](Tensor::tracked).
    ///
    /// They are summed in the order in which the operations were called, so that they do not depend on the number of
    /// threads. What was recorded is freed on the way, unless it is held elsewhere: the value of a loss is asked for before.
    /// What is not differentiable has a gradient nonetheless: of `abs` and `relu` at zero, zero; of the largest
    /// or smallest, an equal share to equals.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [1.0, 2.0, 3.0]).tracked();
    /// let loss = x.square().sum(Embed);
    /// assert_eq!(loss.scalar(), 14.0);
    /// assert_eq!(loss.backward().of(&x).to_vec(), [2.0, 4.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// The loss depends on nothing that is tracked, so that there are no gradients: `track` was not called before, or the loss
    /// was calculated of constants alone, inside [`no_grad`](crate::no_grad) or after [`detach`](Tensor::detach).
    #[track_caller]
    pub fn backward<X>(self) -> Gradients<B>
    where
        S: Is<X>,
        X: OneNumber,
        B: Autodiff,
    {
        assert!(
            self.is_tracked(),
            "the loss depends on nothing that is tracked: call `track` on the model before it is calculated, and calculate \
             it outside of `no_grad`"
        );
        Gradients(B::backward(self.array))
    }
}
