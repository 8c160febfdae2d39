//! What modules are made of.

use super::{CastTo, Module, Parameter, ParameterMut, Path, ToEngine};
use crate::Rng;
use crate::backend::{Backend, DeviceOf, Float, RotaryLayout};
use crate::dim::Dim;
use crate::sealed::Sealed;
use crate::shape::{Described, Shape};
use crate::tensor::Tensor;
use generic_array::{ArrayLength, GenericArray};
use std::marker::PhantomData;

#[diagnostic::do_not_recommend]
impl<S: Shape, B: Backend<Elem: Float>> Module<B> for Tensor<S, B> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        visitor(Parameter { path, shape: &Described::new(self.shape()), array: self.array(), is_buffer: false });
    }

    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        let shape = Described::new(self.shape());
        visitor(ParameterMut { path, shape: &shape, array: self.array_mut(), is_buffer: false });
    }
}

#[diagnostic::do_not_recommend]
impl<M: Module<B>, B: Backend<Elem: Float>> Module<B> for Option<M> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        self.iter().for_each(|module| module.visit(path, visitor));
    }

    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        self.iter_mut().for_each(|module| module.visit_mut(path, visitor));
    }
}

/// The modules of a list have its path and their position.
macro_rules! lists { ($([$($N:tt)*] $List:ty;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<M: Module<B>, $($N)* B: Backend<Elem: Float>> Module<B> for $List {
        fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
            self.iter().enumerate().for_each(|(i, module)| module.visit(&path.position(i), visitor));
        }
        fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
            self.iter_mut().enumerate().for_each(|(i, module)| module.visit_mut(&path.position(i), visitor));
        }
    }
)*} }
lists! {
    [] Vec<M>;
    [const N: usize,] [M; N];
    [N: ArrayLength,] GenericArray<M, N>;
}

macro_rules! tuples { ($($($M:ident $i:tt)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<$($M: Module<B>,)* B: Backend<Elem: Float>> Module<B> for ($($M,)*) {
        fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
            $(self.$i.visit(&path.position($i), visitor);)*
        }
        fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
            $(self.$i.visit_mut(&path.position($i), visitor);)*
        }
    }
    #[diagnostic::do_not_recommend]
    impl<$($M: ToEngine<E>,)* E: Backend> ToEngine<E> for ($($M,)*) {
        type On = ($($M::On,)*);
        fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
            ($(self.$i.transferred(device),)*)
        }
    }
    #[diagnostic::do_not_recommend]
    impl<$($M: CastTo<E>,)* E: Backend> CastTo<E> for ($($M,)*) {
        type On = ($($M::On,)*);
        fn cast_to(&self) -> Self::On {
            ($(self.$i.cast_to(),)*)
        }
    }
)*} }
tuples! {
    M 0;
    M 0 N 1;
    M 0 N 1 O 2;
    M 0 N 1 O 2 P 3;
    M 0 N 1 O 2 P 3 Q 4;
    M 0 N 1 O 2 P 3 Q 4 R 5;
}

/// What is a module by its nature, since it holds nothing: dimensions. Of a structure that is none, the compiler asks for this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a module",
    label = "neither a tensor nor a module",
    note = "a structure of tensors and layers becomes one by `#[derive(Module)]`; for another engine its type has the backend for a parameter, `struct Model<B: Backend = Cpu<f32>>`",
    note = "explained in `congruent::errors::C43`: https://docs.rs/congruent/latest/congruent/errors/C43/"
)]
pub trait WithoutParameters {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Dim> WithoutParameters for D {
    fn sealed(_: Sealed) {}
}

/// Without parameters.
macro_rules! constants {
    ($([] $Constant:ty;)*) => {$(
        $crate::module::constants! { @module [] $Constant }
        #[diagnostic::do_not_recommend]
        impl<E: $crate::backend::Backend> $crate::module::ToEngine<E> for $Constant {
            type On = Self;
            fn transferred(&self, _: &$crate::backend::DeviceOf<E>) -> Self {
                self.clone()
            }
        }
        #[diagnostic::do_not_recommend]
        impl<E: $crate::backend::Backend> $crate::module::CastTo<E> for $Constant {
            type On = Self;
            fn cast_to(&self) -> Self {
                self.clone()
            }
        }
    )*};
    (@module [$($Bound:tt)*] $Constant:ty) => {
        #[diagnostic::do_not_recommend]
        impl<$($Bound)* B: $crate::backend::Backend<Elem: $crate::backend::Float>> $crate::Module<B> for $Constant {
            fn visit(&self, _: &$crate::module::Path<'_>, _: &mut dyn FnMut($crate::module::Parameter<'_, B>)) {}
            fn visit_mut(&mut self, _: &$crate::module::Path<'_>, _: &mut dyn FnMut($crate::module::ParameterMut<'_, B>)) {}
        }
    };
}
pub(crate) use constants;
constants! {
    [] bool; [] f32; [] f64; [] usize; [] u64; [] u32; [] i64; [] i32; [] String; [] &'static str; [] Rng;
    [] RotaryLayout;
}
constants! { @module [D: WithoutParameters,] D }
constants! { @module [T: ?Sized,] PhantomData<T> }
