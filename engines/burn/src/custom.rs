//! Functions with a backward pass of the user's own, as operations of burn's autodiff.

use crate::array::Array;
use burn_backend::Backend;
use burn_dispatch::backends::Autodiff;
use burn_dispatch::backends::autodiff::checkpoint::base::Checkpointer;
use burn_dispatch::backends::autodiff::checkpoint::strategy::NoCheckpointing;
use burn_dispatch::backends::autodiff::grads::Gradients;
use burn_dispatch::backends::autodiff::ops::{Backward, Ops, OpsKind};
use burn_dispatch::{BackendTensor, DispatchKindConversion, DispatchTensor, DispatchTensorKind, backends};
use congruent::backend::{is_recording, no_grad};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// Of the gradient with respect to the result, those with respect to the tracked inputs.
type OfGradient = dyn Fn(DispatchTensor) -> Vec<DispatchTensor> + Send + Sync;

/// What burn asks of the state of an operation.
#[derive(Clone)]
struct Saved(Arc<OfGradient>);

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saved").finish_non_exhaustive()
    }
}

/// The operation, on one of burn's backends.
#[derive(Debug)]
struct Custom<B>(PhantomData<B>);

impl<B: Backend, const N: usize> Backward<B, N> for Custom<B>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    type State = Saved;

    fn backward(self, ops: Ops<Saved, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = DispatchTensor::from_backend(BackendTensor::<B>::Float(gradients.consume::<B>(&ops.node)));
        let found = (ops.state.0)(gradient);
        for (parent, found) in ops.parents.into_iter().zip(found) {
            let parent = parent.expect("all of them are tracked");
            gradients.register::<B>(parent.id, of_backend::<B>(found).float());
        }
    }
}

fn of_backend<B: Backend>(tensor: DispatchTensor) -> BackendTensor<B>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    DispatchTensor::try_into_backend(tensor).unwrap_or_else(|error| panic!("custom: {error}"))
}

/// `result`, recorded as what was calculated of tracked inputs on the same backend.
fn record<B: Backend, const N: usize>(
    inputs: [DispatchTensor; N],
    result: DispatchTensor,
    backward: Saved,
) -> DispatchTensor
where
    DispatchTensor: DispatchKindConversion<B> + DispatchKindConversion<Autodiff<B>>,
{
    let nodes = inputs.map(|input| of_backend::<Autodiff<B>>(input).float().into_parts().1);
    let prepared = Custom::<B>(PhantomData).prepare::<NoCheckpointing>(nodes);
    let result = of_backend::<B>(result).float();
    let recorded = match prepared.compute_bound().stateful() {
        OpsKind::Tracked(operation) => operation.finish(backward, result),
        OpsKind::UnTracked(operation) => operation.finish(result),
    };
    DispatchTensor::from_backend(BackendTensor::<Autodiff<B>>::Float(recorded))
}

/// [`record`], for whose operations the number of inputs is a constant.
fn record_all<B: Backend>(inputs: Vec<DispatchTensor>, result: DispatchTensor, backward: Saved) -> DispatchTensor
where
    DispatchTensor: DispatchKindConversion<B> + DispatchKindConversion<Autodiff<B>>,
{
    fn array<const N: usize>(inputs: Vec<DispatchTensor>) -> [DispatchTensor; N] {
        inputs.try_into().expect("it is called with as many")
    }
    match inputs.len() {
        1 => record::<B, 1>(array(inputs), result, backward),
        2 => record::<B, 2>(array(inputs), result, backward),
        3 => record::<B, 3>(array(inputs), result, backward),
        4 => record::<B, 4>(array(inputs), result, backward),
        more => panic!("custom: a function of {more} tracked tensors, where burn's backend records 4 at most"),
    }
}

impl Array {
    /// The result, recorded as what was calculated of the inputs.
    pub(crate) fn custom(
        self,
        inputs: &[Array],
        backward: impl Fn(Array) -> Vec<Array> + Send + Sync + 'static,
    ) -> Array {
        let result = self.detach();
        let is_tracked = |input: &Array| input.is_tracked() && input.recorded().is_some();
        let tracked: Vec<bool> = inputs.iter().map(is_tracked).collect();
        let (like, sizes) = (result.without(result.sizes(), result.dtype()), result.sizes().to_vec());
        let Some(tensor) = result.recorded().filter(|_| is_recording() && tracked.contains(&true)).cloned() else {
            return result;
        };
        let parents = inputs.iter().filter(|input| is_tracked(input));
        let parents = parents.map(|input| input.recorded().cloned().expect("there are elements")).collect();
        let backward = Saved(Arc::new(move |gradient| {
            let found = no_grad(|| backward(like.with(gradient, &sizes)));
            assert_eq!(found.len(), tracked.len(), "custom: a gradient for each input");
            let of_tracked = found.into_iter().zip(&tracked).filter(|(_, is_tracked)| **is_tracked);
            let tensor = |(found, _): (Array, _)| {
                let failure = found.failure();
                found.detach().into_tensor().unwrap_or_else(|| panic!("custom: no gradient: {failure:?}"))
            };
            of_tracked.map(tensor).collect()
        }));
        let recorded = match tensor.kind {
            #[cfg(feature = "flex")]
            DispatchTensorKind::Flex(_) => record_all::<backends::Flex>(parents, tensor, backward),
            #[cfg(any(feature = "cuda", feature = "rocm", feature = "vulkan"))]
            DispatchTensorKind::Cube(_) => record_all::<backends::Cube>(parents, tensor, backward),
            #[cfg(feature = "libtorch")]
            #[allow(deprecated)]
            DispatchTensorKind::LibTorch(_) => record_all::<backends::LibTorch>(parents, tensor, backward),
            _ => unreachable!("a device that is not built in"),
        };
        result.with(recorded, result.sizes())
    }
}
