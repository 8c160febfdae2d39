//! Models with other elements, calculated of the model that they are made of.

use crate::backend::Backend;
use crate::shape::Shape;
use crate::tensor::{CastsTo, Tensor};
use generic_array::sequence::GenericSequence;
use generic_array::{ArrayLength, GenericArray};

/// What can be calculated with elements of `E`, a backend on the same engine: see [`Module::cast`](super::Module::cast).
///
/// `#[derive(Module)]` implements it for a type whose backend is a parameter of it, as it does [`ToEngine`](super::ToEngine). A module
/// by hand implements it by hand:
///
/// ```
/// use congruent::backend::{Backend, Float};
/// use congruent::module::CastTo;
/// use congruent::prelude::{Cpu, Tensor, dims};
/// dims! { Embed = 2; }
///
/// struct Scale<B: Backend = Cpu<f32>>(Tensor<(Embed,), B>);
///
/// impl<B: Backend<Elem: Float>, E: Backend<Elem: Float, Engine = B::Engine>> CastTo<E> for Scale<B> {
///     type On = Scale<E>;
///     fn cast_to(&self) -> Scale<E> {
///         Scale(self.0.cast_to())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no form on `{E}`, with other elements",
    label = "its backend is not a parameter of its type, or its elements are said by its bounds",
    note = "a structure gets other elements if its type has the backend for a parameter, of any elements: `#[derive(Module)] struct Model<B: Backend = Cpu<f32>> {{ layer: Linear<In, Out, B> }}`",
    note = "explained in `congruent::errors::C74`: https://docs.rs/congruent/latest/congruent/errors/C74/"
)]
pub trait CastTo<E: Backend> {
    /// The same type with that backend.
    type On;
    /// The same with those elements.
    fn cast_to(&self) -> Self::On;
}

#[diagnostic::do_not_recommend]
impl<S: Shape, B: Backend<Engine = E::Engine, Elem: CastsTo<E>>, E: Backend> CastTo<E> for Tensor<S, B> {
    type On = Tensor<S, <B::Elem as CastsTo<E>>::On>;
    fn cast_to(&self) -> Self::On {
        Tensor::from_parts(self.shape(), B::Elem::cast_array::<B>(self.array()))
    }
}

#[diagnostic::do_not_recommend]
impl<M: CastTo<E>, E: Backend> CastTo<E> for Option<M> {
    type On = Option<M::On>;
    fn cast_to(&self) -> Self::On {
        self.as_ref().map(CastTo::cast_to)
    }
}

#[diagnostic::do_not_recommend]
impl<M: CastTo<E>, E: Backend> CastTo<E> for Vec<M> {
    type On = Vec<M::On>;
    fn cast_to(&self) -> Self::On {
        self.iter().map(CastTo::cast_to).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<M: CastTo<E>, const N: usize, E: Backend> CastTo<E> for [M; N] {
    type On = [M::On; N];
    fn cast_to(&self) -> Self::On {
        self.each_ref().map(CastTo::cast_to)
    }
}

#[diagnostic::do_not_recommend]
impl<M: CastTo<E>, N: ArrayLength, E: Backend> CastTo<E> for GenericArray<M, N> {
    type On = GenericArray<M::On, N>;
    fn cast_to(&self) -> Self::On {
        GenericArray::generate(|i| self[i].cast_to())
    }
}
