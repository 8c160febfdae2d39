//! Gradients that an optimizer takes.

use crate::backend::{ArrayOf, Autodiff};
use crate::mesh::Sharing;
use crate::module::Parameter;
use crate::sealed::Sealed;
use crate::tensor::{Gradients, GradientsFor};

/// Gradients that an optimizer on `B` takes: those that [`Tensor::backward`](crate::Tensor::backward) gives, or of which each rank has
/// a share, [`Optimizer::backward`](super::Optimizer::backward).
#[diagnostic::on_unimplemented(
    message = "expected the gradients of a loss, and this is `{Self}`",
    label = "expected `Gradients` or `ShardedGradients`",
    note = "they are what `backward` gives, of all parameters together: `optimizer.step(&mut model, &loss.backward(), 1.0)`",
    note = "those of a loss that was multiplied are divided before: `scale.unscaled(gradients, &model)`, which gives none of a step that is to be left out",
    note = "explained in `congruent::errors::C121`: https://docs.rs/congruent/latest/congruent/errors/C121/"
)]
pub trait StepGradients<B: Autodiff> {
    /// Asserts that they are for an optimizer whose state is divided among these ranks, if it is.
    #[doc(hidden)]
    #[track_caller]
    fn check(&self, sharing: Option<&Sharing>);
    /// The gradient of a parameter, or this rank's share of it if ranks divide its state.
    #[doc(hidden)]
    fn of_parameter(&self, sharing: Option<&Sharing>, parameter: &Parameter<'_, B>) -> Option<ArrayOf<B>>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

impl<B: Autodiff, C: GradientsFor<B>> StepGradients<B> for Gradients<C> {
    fn check(&self, _: Option<&Sharing>) {}
    fn of_parameter(&self, sharing: Option<&Sharing>, parameter: &Parameter<'_, B>) -> Option<ArrayOf<B>> {
        let gradient = C::taken(self).of_parameter(parameter)?;
        Some(match sharing {
            Some(sharing) => sharing.share::<B>(&gradient),
            None => gradient,
        })
    }
    fn sealed(_: Sealed) {}
}
