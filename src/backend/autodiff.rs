//! Gradients, of engines that calculate them.

use super::{ArrayOf, Backend, Float};
use std::fmt::Debug;

/// A backend that calculates gradients.
///
/// An array may be tracked. What is calculated of a tracked array is tracked too, a [`cast`](Backend::cast) to another type of
/// floating-point numbers included; but not while [`is_recording`](super::is_recording) says no, as inside
/// [`no_grad`](super::no_grad). [`track`](Self::track) itself works there too.
///
/// Some inputs are constants to the backward pass, tracked or not: conditions, ids and masks, and the angles of
/// [`rotate`](Backend::rotate). The gradient of what a mask excludes is zero, whatever stands there.
///
/// Operations that move elements (`permute`, `narrow`, `broadcast`, `concat`, `gather`, `select`) are methods of all elements, and
/// their backward passes add numbers: `T: Element` is not enough there. What a tape needs of `T` has to come from
/// [`track`](Self::track), where `T` is known to be `Float`, and travel with the record (as a function pointer, say), or the
/// record has numbers of its own, as in the [example](super#an-engine-of-ones-own).
#[diagnostic::on_unimplemented(
    message = "`{Self}` calculates no gradients",
    label = "asked for gradients on `{Self}`",
    note = "an engine that calculates them implements `Autodiff`, for floating-point numbers: a model goes there by `model.to_engine::<B>(&device)`; in generic code that trains, ask for it: `B: Autodiff`",
    note = "explained in `congruent::errors::C75`: https://docs.rs/congruent/latest/congruent/errors/C75/"
)]
pub trait Autodiff: Backend<Elem: Float> {
    /// The gradients of one number.
    type Gradients: Debug + Send + Sync + 'static;

    /// The array, tracked: gradients with respect to it are asked for by the array that this gives. It may depend on others that
    /// are tracked, whose gradients it does not change.
    fn track(x: ArrayOf<Self>) -> ArrayOf<Self>;
    /// What `block` gives for `x`, an array and something else. If it is to be recorded, nothing of it is kept but `x`: it is
    /// calculated again in the backward pass, and gives the same again. Gradients are those with respect to `x` and to what the
    /// block itself holds. An engine may keep all of it instead, which gives the same.
    fn checkpoint<R>(
        x: ArrayOf<Self>,
        block: impl Fn(ArrayOf<Self>) -> (ArrayOf<Self>, R) + Send + Sync + 'static,
    ) -> (ArrayOf<Self>, R) {
        block(x)
    }
    /// The gradients of the one element of `x` with respect to the arrays that [`track`](Self::track) gave. What was recorded may
    /// be freed meanwhile. An engine need not calculate them of one number twice: burn panics and says so.
    fn backward(x: ArrayOf<Self>) -> Self::Gradients;
    /// The gradient with respect to an array that [`track`](Self::track) gave; none if the number does not depend on it.
    fn gradient(gradients: &Self::Gradients, x: &ArrayOf<Self>) -> Option<ArrayOf<Self>>;
    /// Puts another gradient in place of that with respect to `x`, or where there was none. If `x` is not tracked, nothing
    /// changes.
    fn set_gradient(gradients: &mut Self::Gradients, x: &ArrayOf<Self>, gradient: ArrayOf<Self>);
}

/// An engine that takes a backward pass of the user's own: [`custom`](crate::custom).
///
/// It is apart from [`Autodiff`], as not every engine has a place for one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no backward pass of one's own",
    label = "asked for a custom function on `{Self}`",
    note = "`Cpu` and `Burn` do; on any engine that calculates gradients, a value takes the gradients of another tensor by `value.with_gradients_of(&other)`",
    note = "in generic code, ask for it: `B: CustomFunctions`",
    note = "explained in `congruent::errors::C92`: https://docs.rs/congruent/latest/congruent/errors/C92/"
)]
pub trait CustomFunctions: Autodiff {
    /// `result`, recorded as what was calculated of `inputs`, of which it does not depend by itself. `backward` makes of the
    /// gradient with respect to it those with respect to the inputs, of which there are up to four, each of the sizes of its
    /// input, in their order.
    fn custom(
        inputs: &[ArrayOf<Self>],
        result: ArrayOf<Self>,
        backward: impl Fn(ArrayOf<Self>) -> Vec<ArrayOf<Self>> + Send + Sync + 'static,
    ) -> ArrayOf<Self>;
}
