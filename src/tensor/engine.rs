//! Tensors from one engine, or one of its devices, to another.

use super::convert::transferred;
use super::{Gradients, Tensor, TensorOf};
use crate::backend::{Autodiff, Backend, DeviceOf};
use crate::sealed::Sealed;
use crate::shape::Shape;

/// That a backend is this one: tensors of two do not go together.
#[diagnostic::on_unimplemented(
    message = "tensors on `{B}` and on `{Self}` do not go together",
    label = "this is on `{Self}`, expected `{B}`",
    note = "a tensor goes to another engine by `x.to_engine::<{B}>(&device)`, and gets other elements by `x.cast::<f64>()`",
    note = "explained in `congruent::errors::C76`"
)]
pub trait SameBackend<B: Backend>: Backend<Elem = B::Elem, Engine = B::Engine> {
    #[doc(hidden)]
    fn gradients(gradients: &Gradients<Self>) -> &Gradients<B>
    where
        Self: Autodiff,
        B: Autodiff;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Backend> SameBackend<B> for B {
    fn gradients(gradients: &Gradients<B>) -> &Gradients<B>
    where
        B: Autodiff,
    {
        gradients
    }
    fn sealed(_: Sealed) {}
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// Where the elements lie.
    pub fn device(&self) -> DeviceOf<B> {
        B::device(&self.array)
    }

    /// The same elements in the same shape on the engine of `E`, as a constant: gradients stay on an engine. Elements stay of
    /// the type that they are of, whichever `E` has: [`cast`](Tensor::cast) converts them. A new tensor on another engine is
    /// made here and goes there, or is made there by the name of the backend, `E::ones(..)` as [`Cpu::<f32>::ones(..)`](super::Create).
    ///
    /// In code that is generic over `E`, the compiler does not know that the backend of the result is `E`:
    /// [`Module::to_engine::<E>(&x, device)`](crate::Module::to_engine) gives it by that name, for elements that `E` has.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; Vocab = 10; }
    /// let x = Tensor::ones((Batch, Embed));
    /// let ids = Ids::new((Batch,), Vocab, &[1, 9]).unwrap();
    /// // Another engine has other devices, one of which is chosen when the program runs.
    /// let there: Tensor<(Batch, Embed)> = x.to_engine::<Cpu<f32>>(&Default::default());
    /// let ids: Ids<(Batch,), Vocab> = ids.to_engine::<Cpu<f32>>(&Default::default());
    /// ```
    ///
    /// # Panics
    /// The engine fails, as [`try_to_vec`](Tensor::try_to_vec) says.
    #[doc(alias("to", "cuda", "cpu"))]
    pub fn to_engine<E: Backend>(&self, device: &DeviceOf<E>) -> TensorOf<S, B::Elem, E> {
        Tensor::from_parts(self.shape, transferred::<B, E>(&self.array, device))
    }

    /// The same elements in the same shape on another device of the engine, as a constant. Where they lie there, nothing is
    /// copied. A new tensor on a device is one line, on any engine:
    ///
    /// ```
    /// use congruent::backend::{Backend, DeviceOf, Float};
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// fn ones<B: Backend<Elem: Float>>(device: &DeviceOf<B>) -> Tensor<(Batch, Embed), B> {
    ///     B::ones((Batch, Embed)).to_device(device)
    /// }
    /// assert_eq!(ones::<Cpu<f32>>(&Default::default()).to_vec(), [1.0; 6]);
    /// ```
    ///
    /// A model goes to a device by [`Module::to_engine`](crate::Module::to_engine).
    ///
    /// # Panics
    /// The engine fails, as [`try_to_vec`](Tensor::try_to_vec) says.
    pub fn to_device(&self, device: &DeviceOf<B>) -> Self {
        Tensor::from_parts(self.shape, B::to_device(&self.array, device))
    }
}
