//! Functions with a backward pass of the user's own.

use super::{SameBackend, Tensor};
use crate::backend::{ArrayOf, Autodiff, Backend, Binary, CustomFunctions, no_grad};
use crate::sealed::Sealed;
use crate::shape::Shape;

/// What a [`custom`] function is of: a tensor, or a tuple of up to four.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a custom function is of",
    label = "expected tensors by reference",
    note = "a function is of one tensor, `custom(&x, forward, backward)`, or of a tuple of up to four, `custom((&x, &weight), forward, backward)`; what has no gradients is held by the closures",
    note = "the tensors are on one backend, and their dimensions are static or set once, since the backward pass outlives every scope",
    note = "explained in `congruent::errors::C92`: https://docs.rs/congruent/latest/congruent/errors/C92/"
)]
pub trait CustomInputs<B: Backend> {
    /// The tensors themselves, and so their gradients too: each has the shape of its tensor.
    type Tensors: 'static;
    #[doc(hidden)]
    fn constants(&self) -> Self::Tensors;
    #[doc(hidden)]
    fn arrays(&self) -> Vec<ArrayOf<B>>;
    #[doc(hidden)]
    fn arrays_of(tensors: Self::Tensors) -> Vec<ArrayOf<B>>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

#[diagnostic::do_not_recommend]
impl<S: Shape + 'static, B: Backend + 'static> CustomInputs<B> for &Tensor<S, B> {
    type Tensors = Tensor<S, B>;
    fn constants(&self) -> Tensor<S, B> {
        self.detach()
    }
    fn arrays(&self) -> Vec<ArrayOf<B>> {
        vec![self.array.clone()]
    }
    fn arrays_of(tensor: Tensor<S, B>) -> Vec<ArrayOf<B>> {
        vec![tensor.array]
    }
    fn sealed(_: Sealed) {}
}

#[diagnostic::do_not_recommend]
impl<S: Shape + 'static, B: Backend + 'static> CustomInputs<B> for Tensor<S, B> {
    type Tensors = Self;
    fn constants(&self) -> Self {
        self.detach()
    }
    fn arrays(&self) -> Vec<ArrayOf<B>> {
        vec![self.array.clone()]
    }
    fn arrays_of(tensor: Self) -> Vec<ArrayOf<B>> {
        vec![tensor.array]
    }
    fn sealed(_: Sealed) {}
}

macro_rules! tuples { ($($($S:ident $x:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<$($S: Shape + 'static,)* B: Backend + 'static> CustomInputs<B> for ($(&Tensor<$S, B>,)*) {
        type Tensors = ($(Tensor<$S, B>,)*);
        fn constants(&self) -> Self::Tensors {
            let ($($x,)*) = self;
            ($($x.detach(),)*)
        }
        fn arrays(&self) -> Vec<ArrayOf<B>> {
            let ($($x,)*) = self;
            vec![$($x.array.clone()),*]
        }
        fn arrays_of(($($x,)*): Self::Tensors) -> Vec<ArrayOf<B>> {
            vec![$($x.array),*]
        }
        fn sealed(_: Sealed) {}
    }
)*} }
tuples! {
    S x;
    S x R y;
    S x R y Q z;
    S x R y Q z P w;
}

/// What `forward` gives for the inputs, with `backward` for its backward pass.
///
/// `forward` gets the inputs as constants, and gives the result and what `backward` needs. That gets what was saved and the
/// gradient with respect to the result, and gives those with respect to the inputs, which have their shapes by type. Neither
/// is recorded: gradients of gradients do not go through it. If nothing that is tracked is among the inputs, `backward` is
/// never called.
///
/// ```
/// use congruent::custom;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 2; }
/// // The identity, whose gradients are cut off at 1.
/// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]).tracked();
/// let y = custom(&x, |x| (x, ()), |_, gradient| gradient.clamp(-1.0, 1.0));
/// let gradients = y.square().sum(Embed).sum(Batch).backward();
/// assert_eq!(gradients.of(&x).to_vec(), [1.0; 4]);
/// ```
///
/// Of several inputs there is a gradient for each. One of another shape than its input does not compile:
///
/// ```
/// use congruent::custom;
/// use congruent::prelude::*;
/// dims! { Batch = 2; In = 3; Out = 4; }
/// let (x, weight) = (Tensor::ones((Batch, In)).tracked(), Tensor::ones((In, Out)).tracked());
/// let y = custom(
///     (&x, &weight),
///     |(x, weight)| (x.matmul(&weight), (x, weight)),
///     |(x, weight), gradient| {
///         (einsum!("b o, i o -> b i", gradient, weight), einsum!("b i, b o -> i o", x, gradient))
///     },
/// );
/// let gradients = y.sum(Out).sum(Batch).backward();
/// assert_eq!(gradients.of(&weight).to_vec(), [2.0; 12]);
/// ```
///
/// ```compile_fail,E0308
/// use congruent::custom;
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 2; }
/// let x = Tensor::ones((Batch, Embed)).tracked();
/// let y = custom(&x, |x| (x.sum(Embed), ()), |_, gradient| gradient);
/// ```
///
/// The closures and all that is saved outlive every scope, so that dimensions are static or set once, as of a
/// [`checkpoint`](crate::checkpoint).
#[doc(alias("Function", "autograd", "custom_vjp", "hook"))]
pub fn custom<X, O, B, Saved>(
    inputs: X,
    forward: impl FnOnce(X::Tensors) -> (Tensor<O, B>, Saved),
    backward: impl Fn(&Saved, Tensor<O, B>) -> X::Tensors + Send + Sync + 'static,
) -> Tensor<O, B>
where
    X: CustomInputs<B>,
    O: Shape + 'static,
    B: CustomFunctions,
    Saved: Send + Sync + 'static,
{
    let (result, saved) = no_grad(|| forward(inputs.constants()));
    let shape = result.shape;
    let backward = move |gradient| X::arrays_of(backward(&saved, Tensor::from_parts(shape, gradient)));
    Tensor::from_parts(shape, B::custom(&inputs.arrays(), result.array, backward))
}

/// # Gradients
impl<S: Shape, B: Autodiff> Tensor<S, B> {
    /// This value, with the gradients of another tensor: a straight-through estimator
    /// ([Bengio et al. 2013](https://arxiv.org/abs/1308.3432)), or any gradient that stands for one which is zero or costly.
    ///
    /// The value is calculated as `other + (self - other)`, so that it is rounded, and NaN where `other` is not finite.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::from_nested((Embed,), [0.2, 0.75, 1.5]).tracked();
    /// let rounded = x.round().with_gradients_of(&x);
    /// assert_eq!(rounded.to_vec(), [0.0, 1.0, 2.0]);
    /// let gradients = rounded.square().sum(Embed).backward();
    /// assert_eq!(gradients.of(&x).to_vec(), [0.0, 2.0, 4.0]);
    /// ```
    #[doc(alias("straight_through", "surrogate"))]
    pub fn with_gradients_of(&self, other: &Tensor<S, impl SameBackend<B>>) -> Self {
        let constant = B::detach(other.array.clone());
        let difference = B::binary(Binary::Sub, B::detach(self.array.clone()), constant);
        Tensor::from_parts(self.shape, B::binary(Binary::Add, other.array.clone(), difference))
    }
}
