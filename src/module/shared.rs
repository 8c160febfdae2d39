//! Modules behind pointers and in maps.

use super::{CastTo, Module, Parameter, ParameterMut, Path, ToEngine};
use crate::backend::{Backend, DeviceOf, Float};
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Debug, Formatter};
use std::hash::{BuildHasher, Hash};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A module that others may hold too, as several threads that ask one model. Its parameters are changed on their own, as those of a
/// clone are: who else holds it keeps what it had.
#[diagnostic::do_not_recommend]
impl<M: Module<B> + Clone, B: Backend<Elem: Float>> Module<B> for Arc<M> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        (**self).visit(path, visitor);
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        Arc::make_mut(self).visit_mut(path, visitor);
    }
}

#[diagnostic::do_not_recommend]
impl<M: ToEngine<E>, E: Backend> ToEngine<E> for Arc<M> {
    type On = Arc<M::On>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        Arc::new((**self).transferred(device))
    }
}

#[diagnostic::do_not_recommend]
impl<M: CastTo<E>, E: Backend> CastTo<E> for Arc<M> {
    type On = Arc<M::On>;
    fn cast_to(&self) -> Self::On {
        Arc::new((**self).cast_to())
    }
}

/// The modules of a map have their key in the path, and come in its order.
#[diagnostic::do_not_recommend]
impl<K: AsRef<str>, M: Module<B>, B: Backend<Elem: Float>> Module<B> for BTreeMap<K, M> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        self.iter().for_each(|(key, module)| module.visit(&path.at(key.as_ref()), visitor));
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        self.iter_mut().for_each(|(key, module)| module.visit_mut(&path.at(key.as_ref()), visitor));
    }
}

#[diagnostic::do_not_recommend]
impl<K: Clone + Ord, M: ToEngine<E>, E: Backend> ToEngine<E> for BTreeMap<K, M> {
    type On = BTreeMap<K, M::On>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        self.iter().map(|(key, module)| (key.clone(), module.transferred(device))).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<K: Clone + Ord, M: CastTo<E>, E: Backend> CastTo<E> for BTreeMap<K, M> {
    type On = BTreeMap<K, M::On>;
    fn cast_to(&self) -> Self::On {
        self.iter().map(|(key, module)| (key.clone(), module.cast_to())).collect()
    }
}

/// In the order of the keys, whatever that of the map is: sums over all parameters are the same each time.
#[diagnostic::do_not_recommend]
impl<K: AsRef<str>, M: Module<B>, H, B: Backend<Elem: Float>> Module<B> for HashMap<K, M, H> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by(|(one, _), (other, _)| one.as_ref().cmp(other.as_ref()));
        entries.into_iter().for_each(|(key, module)| module.visit(&path.at(key.as_ref()), visitor));
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        let mut entries: Vec<_> = self.iter_mut().collect();
        entries.sort_unstable_by(|(one, _), (other, _)| one.as_ref().cmp(other.as_ref()));
        entries.into_iter().for_each(|(key, module)| module.visit_mut(&path.at(key.as_ref()), visitor));
    }
}

#[diagnostic::do_not_recommend]
impl<K: Clone + Eq + Hash, M: ToEngine<E>, H: BuildHasher + Clone, E: Backend> ToEngine<E> for HashMap<K, M, H> {
    type On = HashMap<K, M::On, H>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        let mut there = HashMap::with_capacity_and_hasher(self.len(), self.hasher().clone());
        there.extend(self.iter().map(|(key, module)| (key.clone(), module.transferred(device))));
        there
    }
}

#[diagnostic::do_not_recommend]
impl<K: Clone + Eq + Hash, M: CastTo<E>, H: BuildHasher + Clone, E: Backend> CastTo<E> for HashMap<K, M, H> {
    type On = HashMap<K, M::On, H>;
    fn cast_to(&self) -> Self::On {
        let mut cast = HashMap::with_capacity_and_hasher(self.len(), self.hasher().clone());
        cast.extend(self.iter().map(|(key, module)| (key.clone(), module.cast_to())));
        cast
    }
}

/// A module in a box: one of several types behind a trait, or one that holds others of its own type.
///
/// It is here because `Box<M>` itself cannot be a [`Module`]: `Box<D>` may be a dimension of another crate, as far as the compiler
/// knows, and dimensions are modules already.
///
/// ```
/// use congruent::module::Boxed;
/// use congruent::nn::{Linear, RmsNorm};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 4; }
///
/// trait Layer: Module {
///     fn apply(&self, x: &Tensor<(Batch, Embed)>) -> Tensor<(Batch, Embed)>;
/// }
/// impl Layer for Linear<Embed, Embed> {
///     fn apply(&self, x: &Tensor<(Batch, Embed)>) -> Tensor<(Batch, Embed)> {
///         self.forward(x)
///     }
/// }
/// impl Layer for RmsNorm<Embed> {
///     fn apply(&self, x: &Tensor<(Batch, Embed)>) -> Tensor<(Batch, Embed)> {
///         self.forward(x)
///     }
/// }
///
/// #[derive(Module)]
/// struct Stack {
///     layers: Vec<Boxed<dyn Layer>>,
/// }
/// let linear = Linear::random(Embed, Embed, &mut Rng::with_seed(1));
/// let stack = Stack { layers: vec![Boxed(Box::new(RmsNorm::new(Embed, 1e-5))), Boxed(Box::new(linear))] };
/// let y = stack.layers.iter().fold(Tensor::ones((Batch, Embed)), |x, layer| layer.apply(&x));
/// assert_eq!(stack.parameter_count(), 4 + 16 + 4);
/// ```
#[derive(Clone)]
pub struct Boxed<M: ?Sized>(pub Box<M>);

impl<M> Boxed<M> {
    /// The module in a box.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::module::Boxed;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 4; }
    /// assert_eq!(Boxed::new(RmsNorm::new(Embed, 1e-5)).parameter_count(), 4);
    /// ```
    pub fn new(module: M) -> Self {
        Boxed(Box::new(module))
    }
}

impl<M: ?Sized> Deref for Boxed<M> {
    type Target = M;
    fn deref(&self) -> &M {
        &self.0
    }
}
impl<M: ?Sized> DerefMut for Boxed<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.0
    }
}
impl<M: Debug + ?Sized> Debug for Boxed<M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[diagnostic::do_not_recommend]
impl<M: Module<B> + ?Sized, B: Backend<Elem: Float>> Module<B> for Boxed<M> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        self.0.visit(path, visitor);
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        self.0.visit_mut(path, visitor);
    }
}

#[diagnostic::do_not_recommend]
impl<M: ToEngine<E>, E: Backend> ToEngine<E> for Boxed<M> {
    type On = Boxed<M::On>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        Boxed::new(self.0.transferred(device))
    }
}

#[diagnostic::do_not_recommend]
impl<M: CastTo<E>, E: Backend> CastTo<E> for Boxed<M> {
    type On = Boxed<M::On>;
    fn cast_to(&self) -> Self::On {
        Boxed::new(self.0.cast_to())
    }
}
