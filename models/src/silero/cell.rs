//! The recurrent layer, by the names of PyTorch's `LSTMCell`.

use congruent::backend::{Backend, DeviceOf, Float};
use congruent::io::{Stored, Weights};
use congruent::module::{CastTo, Parameter, ParameterMut, Path, ToEngine};
use congruent::nn::Lstm;
use congruent::prelude::*;

/// An LSTM whose parameters have no number of a layer.
#[derive(Clone)]
pub struct Cell<In, H, B: Backend = Cpu<f32>>(pub Lstm<In, H, B>);

impl<In: Dim, H: Dim, B: Backend<Elem: Stored>> Cell<In, H, B> {
    pub(super) fn load(weights: &Weights<'_, B::Elem, B>, input: In, hidden: H) -> Self {
        let gates = Times(N::<4>, hidden);
        Cell(Lstm {
            weight_ih: weights.tensor("weight_ih", (gates, input)),
            weight_hh: weights.tensor("weight_hh", (gates, hidden)),
            bias_ih: weights.tensor("bias_ih", (gates,)),
            bias_hh: weights.tensor("bias_hh", (gates,)),
        })
    }
}

/// Visits the parameters.
macro_rules! visit_parameters {
    ($visit:ident, $lstm:expr, $path:expr, $visitor:expr) => {{
        let (lstm, path, visitor) = ($lstm, $path, $visitor);
        lstm.weight_ih.$visit(&path.at("weight_ih"), visitor);
        lstm.weight_hh.$visit(&path.at("weight_hh"), visitor);
        lstm.bias_ih.$visit(&path.at("bias_ih"), visitor);
        lstm.bias_hh.$visit(&path.at("bias_hh"), visitor);
    }};
}

impl<In: Dim, H: Dim, B: Backend<Elem: Float>> Module<B> for Cell<In, H, B> {
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>)) {
        visit_parameters!(visit, &self.0, path, visitor);
    }
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>)) {
        visit_parameters!(visit_mut, &mut self.0, path, visitor);
    }
}

impl<In, H, B: Backend, E: Backend<Elem = B::Elem>> ToEngine<E> for Cell<In, H, B>
where
    Lstm<In, H, B>: ToEngine<E, On = Lstm<In, H, E>>,
{
    type On = Cell<In, H, E>;
    fn transferred(&self, device: &DeviceOf<E>) -> Self::On {
        Cell(self.0.transferred(device))
    }
}

impl<In, H, B: Backend, E: Backend<Engine = B::Engine>> CastTo<E> for Cell<In, H, B>
where
    Lstm<In, H, B>: CastTo<E, On = Lstm<In, H, E>>,
{
    type On = Cell<In, H, E>;
    fn cast_to(&self) -> Self::On {
        Cell(self.0.cast_to())
    }
}
