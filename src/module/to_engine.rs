//! Models from one engine, or one of its devices, to another.

use crate::backend::{Backend, DeviceOf};
use crate::shape::Shape;
use crate::tensor::{GoesTo, Tensor};
use generic_array::sequence::GenericSequence;
use generic_array::{ArrayLength, GenericArray};

/// What can be made of the same elements on the engine of `E`: see [`Module::to_engine`](super::Module::to_engine).
///
/// `#[derive(Module)]` implements it for a type whose backend is a parameter of it, `B: Backend`. Fields go by their own
/// implementations; those whose types do not name the backend are cloned. A module by hand implements it by hand:
///
/// ```
/// use congruent::backend::{Backend, DeviceOf, Float};
/// use congruent::module::{Module, Parameter, ParameterMut, Path, ToEngine};
/// use congruent::prelude::{Cpu, Tensor, dims};
/// dims! { Embed = 2; }
///
/// struct Scale<B: Backend = Cpu<f32>>(Tensor<(Embed,), B>);
///
/// impl<B: Backend<Elem: Float>> Module<B> for Scale<B> {
///     fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
///         self.0.visit(path, visitor);
///     }
///     fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
///         self.0.visit_mut(path, visitor);
///     }
/// }
///
/// impl<B: Backend<Elem: Float>, E: Backend<Elem = B::Elem>> ToEngine<E> for Scale<B> {
///     type On = Scale<E>;
///     fn transferred(&self, device: &DeviceOf<E>) -> Scale<E> {
///         Scale(self.0.transferred(device))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not go to the engine of `{E}`",
    label = "its backend is not a parameter of its type, or its elements are not those of `{E}`",
    note = "a structure goes to another engine if its type has the backend for a parameter: `#[derive(Module)] struct Model<B: Backend = Cpu<f32>> {{ layer: Linear<In, Out, B> }}`; its elements stay what they are",
    note = "explained in `congruent::errors::C74`: https://docs.rs/congruent/latest/congruent/errors/C74/"
)]
pub trait ToEngine<E: Backend> {
    /// The same type with that backend.
    type On;
    /// The same elements on that engine.
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On;
}

#[diagnostic::do_not_recommend]
impl<S: Shape, B: Backend<Elem: GoesTo<E>>, E: Backend> ToEngine<E> for Tensor<S, B> {
    type On = Tensor<S, <B::Elem as GoesTo<E>>::On>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        self.to_engine::<E>(device)
    }
}

#[diagnostic::do_not_recommend]
impl<M: ToEngine<E>, E: Backend> ToEngine<E> for Option<M> {
    type On = Option<M::On>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        self.as_ref().map(|module| module.transferred(device))
    }
}

#[diagnostic::do_not_recommend]
impl<M: ToEngine<E>, E: Backend> ToEngine<E> for Vec<M> {
    type On = Vec<M::On>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        self.iter().map(|module| module.transferred(device)).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<M: ToEngine<E>, const N: usize, E: Backend> ToEngine<E> for [M; N] {
    type On = [M::On; N];
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        self.each_ref().map(|module| module.transferred(device))
    }
}

#[diagnostic::do_not_recommend]
impl<M: ToEngine<E>, N: ArrayLength, E: Backend> ToEngine<E> for GenericArray<M, N> {
    type On = GenericArray<M::On, N>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        GenericArray::generate(|i| self[i].transferred(device))
    }
}
