//! Tensors from one engine, or one of its devices, to another.

use super::Tensor;
use super::convert::transferred;
use crate::backend::{ArrayOf, Backend, DeviceOf, Element, Float, With};
use crate::sealed::Sealed;
use crate::shape::Shape;

/// That a backend is this one: tensors of two do not go together.
#[diagnostic::on_unimplemented(
    message = "tensors on `{B}` and on `{Self}` do not go together",
    label = "this is on `{Self}`, expected `{B}`",
    note = "a tensor goes to another engine by `x.to_engine::<{B}>(&device)`, and gets other elements by `x.cast::<f64>()`",
    note = "beside a `Tensor<S, B>`, ids on its engine are of the type `TensorOf<S, Index<D>, B>`, and truth values `TensorOf<S, bool, B>`; ids of two tables, `Index<A>` and `Index<B>`, are of two types of elements",
    note = "explained in `congruent::errors::C76`: https://docs.rs/congruent/latest/congruent/errors/C76/"
)]
pub trait SameBackend<B: Backend>: Backend<Elem = B::Elem, Engine = B::Engine> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Backend> SameBackend<B> for B {
    fn sealed(_: Sealed) {}
}

/// That tensors of these elements go to the engine of `E`, and on which backend they are there: floating-point numbers on `E`
/// itself, which is of them; integers, ids and truth values on the backend that the engine has for these.
#[diagnostic::on_unimplemented(
    message = "a tensor of `{Self}` does not become one on `{E}`",
    label = "`{E}` is not known to be a backend of `{Self}`",
    note = "elements stay what they are: name a backend of `{Self}`, in generic code `E: Backend<Elem = {Self}>`; other elements are made before, by `x.cast::<f32>()`",
    note = "explained in `congruent::errors::C74`: https://docs.rs/congruent/latest/congruent/errors/C74/"
)]
pub trait GoesTo<E: Backend>: Element {
    /// The backend of these elements on that engine.
    type On: Backend<Elem = Self, Engine = E::Engine>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<T: Float, E: Backend<Elem = T>> GoesTo<E> for T {
    type On = E;
    fn sealed(_: Sealed) {}
}

/// That tensors of these elements are cast to `E`, a backend on the same engine, and on which backend they are then: floating-point
/// numbers on `E` itself, converted; integers, ids and truth values as they are.
#[diagnostic::on_unimplemented(
    message = "a tensor of `{Self}` is not cast to the elements of `{E}`",
    label = "`{E}` is not known to be of floating-point numbers",
    note = "in generic code name a backend of such: `E: Backend<Elem: Float>`",
    note = "explained in `congruent::errors::C74`: https://docs.rs/congruent/latest/congruent/errors/C74/"
)]
pub trait CastsTo<E: Backend>: Element {
    /// The backend of what they become.
    type On: Backend<Engine = E::Engine>;
    #[doc(hidden)]
    fn cast_array<B: Backend<Elem = Self, Engine = E::Engine>>(x: &ArrayOf<B>) -> ArrayOf<Self::On>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<T: Float, E: Backend<Elem: Float>> CastsTo<E> for T {
    type On = E;
    fn cast_array<B: Backend<Elem = T, Engine = E::Engine>>(x: &ArrayOf<B>) -> ArrayOf<E> {
        B::cast::<E::Elem>(x)
    }
    fn sealed(_: Sealed) {}
}
macro_rules! beside_numbers { ($($T:ty)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<E: Backend> CastsTo<E> for $T {
        type On = With<E, Self>;
        fn cast_array<B: Backend<Elem = Self, Engine = E::Engine>>(x: &ArrayOf<B>) -> ArrayOf<With<E, Self>> {
            x.clone()
        }
        fn sealed(_: Sealed) {}
    }
    #[diagnostic::do_not_recommend]
    impl<E: Backend> GoesTo<E> for $T {
        type On = With<E, Self>;
        fn sealed(_: Sealed) {}
    }
)*} }
beside_numbers! { bool i8 i16 i32 i64 u8 u16 u32 u64 usize }

/// # Engines and devices
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// Where the elements lie.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 2; }
    /// let x = Tensor::ones((Embed,));
    /// // What is made beside it lies on the same device.
    /// let y = Tensor::zeros((Embed,)).to_device(&x.device());
    /// assert_eq!((x + y).to_vec(), [1.0, 1.0]);
    /// ```
    pub fn device(&self) -> DeviceOf<B> {
        B::device(&self.array)
    }

    /// The same elements in the same shape on the engine of `E`, as a constant: gradients stay on an engine. A new tensor on
    /// another engine is made here and goes there, or is made there by the name of the backend, `E::ones(..)` as
    /// [`Cpu::<f32>::ones(..)`](super::Create).
    ///
    /// Floating-point numbers go to a backend of their type, and generic code has the result on it. Ids, integers and truth values
    /// go along with whatever the model is of: `ids.to_engine::<E>(&device)` is `TensorOf<S, Index<D>, E>`.
    ///
    /// ```
    /// use congruent::backend::{Backend, DeviceOf};
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; Vocab = 10; }
    ///
    /// struct Inputs<E: Backend<Elem = f32>> {
    ///     x: Tensor<(Batch, Embed), E>,
    ///     ids: TensorOf<(Batch,), Index<Vocab>, E>,
    /// }
    ///
    /// fn inputs<E: Backend<Elem = f32>>(device: &DeviceOf<E>) -> Inputs<E> {
    ///     let ids = Ids::new((Batch,), Vocab, &[1, 9]).unwrap();
    ///     Inputs { x: Tensor::ones((Batch, Embed)).to_engine::<E>(device), ids: ids.to_engine::<E>(device) }
    /// }
    /// // Another engine has other devices, one of which is chosen when the program runs.
    /// assert_eq!(inputs::<Cpu<f32>>(&Default::default()).x.to_vec(), [1.0; 6]);
    /// ```
    ///
    /// # Panics
    /// The engine fails, as [`try_to_vec`](Tensor::try_to_vec) says.
    #[doc(alias("to", "cuda", "cpu"))]
    pub fn to_engine<E: Backend>(&self, device: &DeviceOf<E>) -> Tensor<S, <B::Elem as GoesTo<E>>::On>
    where
        B::Elem: GoesTo<E>,
    {
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
