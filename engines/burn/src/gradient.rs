//! Gradients, by burn's autodiff.

use crate::array::Array;
use crate::elementwise::float;
use burn_backend::AutodiffBackend;
use burn_backend::ops::FloatTensorOps;
use burn_dispatch::Dispatch;
use congruent::backend::{Binary, Failure};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The gradients of one number.
pub struct Gradients {
    of: Mutex<<Dispatch as AutodiffBackend>::Gradients>,
    failed: Option<Arc<Failure>>,
}

impl fmt::Debug for Gradients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gradients").finish_non_exhaustive()
    }
}

impl Array {
    /// The array, tracked. It may depend on others that are.
    pub(crate) fn track(self) -> Array {
        if self.is_tracked() && self.recorded().is_some() {
            // A sum with nothing, which is a leaf: -0 changes no number.
            let nothing = self.full(float(-0.0), self.sizes()).track();
            return self.binary(Binary::Add, nothing.clone()).with_leaf(&nothing);
        }
        let (like, sizes) = (self.without(self.sizes(), self.dtype()), self.sizes().to_vec());
        match self.into_tensor() {
            Some(x) => {
                let leaf = Dispatch::float_set_require_grad(<Dispatch as AutodiffBackend>::from_inner(x), true);
                like.with(leaf, &sizes)
            }
            None => like.set_tracked(true),
        }
    }

    /// The array as a constant.
    pub(crate) fn detach(self) -> Array {
        match self.recorded() {
            Some(x) if self.is_tracked() => self.with(<Dispatch as AutodiffBackend>::inner(x.clone()), self.sizes()),
            _ => self.set_tracked(false),
        }
    }

    /// The gradients of its one element.
    pub(crate) fn backward(self) -> Gradients {
        // A constant has none: they are those of a number that nobody else has.
        let failed = self.failed().cloned();
        let root = match &failed {
            Some(_) => Array::filled(float(0.0), &[], self.dtype(), &self.device()).track(),
            None if self.is_tracked() => self,
            None => self.full(float(0.0), &[]).track(),
        };
        let tensor = root.recorded().cloned().expect("gradients are of one element");
        drop(root);
        Gradients { of: Mutex::new(<Dispatch as AutodiffBackend>::backward(tensor)), failed }
    }
}

impl Gradients {
    /// The gradient with respect to an array that [`Array::track`] gave; none if the number does not depend on it.
    pub(crate) fn of(&self, x: &Array) -> Option<Array> {
        if !x.is_tracked() {
            return None;
        }
        if let Some(failure) = &self.failed {
            return Some(x.clone().detach().failing(failure.clone()));
        }
        let Some(tensor) = x.leaf() else { return Some(x.clone().detach()) };
        let gradients = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        Some(x.with(<Dispatch as AutodiffBackend>::grad(tensor, &gradients)?, x.sizes()))
    }

    /// Puts another gradient in place of that with respect to `x`.
    pub(crate) fn set(&mut self, x: &Array, gradient: Array) {
        self.failed = self.failed.take().or(gradient.failed().cloned());
        let Some(tensor) = x.leaf().filter(|_| x.is_tracked()) else { return };
        let gradients = self.of.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(gradient) = gradient.detach().recorded() {
            <Dispatch as AutodiffBackend>::grad_replace(tensor, gradients, gradient.clone());
        }
    }
}
