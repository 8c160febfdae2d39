//! Gradients on a mesh.

use super::array::{Common, Leaf, OnRanks, Twin, zeros};
use super::communicator::Combine;
use super::engine::OnMesh;
use super::ranks::{AnyLeaf, Elements, Ranks};
use crate::backend::{ArrayOf, Autodiff, Backend, Binary, CustomFunctions, MeshAxes, Primitive, elements};
use half::{bf16, f16};
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::Arc;

#[diagnostic::do_not_recommend]
impl<B: Autodiff> Autodiff for OnMesh<B> {
    /// Of a number that all ranks have alike: each is the sum of what the ranks add to it.
    type Gradients = B::Gradients;

    fn track(x: ArrayOf<Self>) -> ArrayOf<Self> {
        // What was calculated of others hands its gradient on in the backward pass, and so has no sum that is pending until its end.
        if B::is_tracked(&x.array) && !matches!(x.twin, Some(Twin::Parameter(_))) {
            return x.map_into(B::track);
        }
        Leaf::tracked(x, elements_of::<B>(), |array| B::track(B::detach(array)))
    }
    fn checkpoint<R>(
        x: ArrayOf<Self>,
        block: impl Fn(ArrayOf<Self>) -> (ArrayOf<Self>, R) + Send + Sync + 'static,
    ) -> (ArrayOf<Self>, R) {
        let (varies, ranks) = (x.varies, x.ranks.clone());
        let (array, (varies, ranks, other)) = B::checkpoint(x.array, move |array| {
            let (y, other) = block(OnRanks::new(array, varies, ranks.clone()));
            (y.array, (y.varies, y.ranks, other))
        });
        (OnRanks::new(array, varies, ranks), other)
    }
    fn backward(x: ArrayOf<Self>) -> Self::Gradients {
        assert!(x.varies.is_empty(), "gradients are those of a number that all ranks have alike, and this one differs");
        let mut gradients = B::backward(x.array);
        if let Some(ranks) = x.ranks {
            // Parameters in half precision may have met what varies before they met the loss.
            let (mut all, of_engine) = (Vec::new(), elements_of::<B>().gradients);
            for (elements, _) in ranks.leaves() {
                if elements.gradients == of_engine && !all.contains(&elements) {
                    all.push(elements);
                }
            }
            all.into_iter().for_each(|elements| (elements.add_up)(&ranks, &mut gradients));
        }
        gradients
    }
    fn gradient(gradients: &Self::Gradients, x: &ArrayOf<Self>) -> Option<ArrayOf<Self>> {
        B::gradient(gradients, &x.array).map(|gradient| x.map(|_| gradient))
    }
    fn set_gradient(gradients: &mut Self::Gradients, x: &ArrayOf<Self>, gradient: ArrayOf<Self>) {
        B::set_gradient(gradients, &x.array, gradient.array);
    }
}

/// Adds the pending gradients of all ranks to those of the parameters of this backend: those along the same axes go in one message, in the order
/// in which the parameters were tracked.
fn add_up<B: Autodiff>(ranks: &Arc<Ranks>, gradients: &mut B::Gradients) {
    for (axes, found) in pending::<B>(&leaves::<B>(ranks), gradients) {
        let mut message: Vec<_> = found.iter().flat_map(|(_, gradient)| elements::<B>(gradient)).collect();
        for axis in axes.iter() {
            message = ranks.reduced(Combine::Sum, axis, message);
        }
        let mut start = 0;
        for (leaf, gradient) in found {
            let (sizes, device) = (B::sizes(&gradient), B::device(&gradient));
            let end = start + sizes.iter().product::<usize>();
            let sum = B::from_elements(message[start..end].to_vec(), sizes, &device);
            start = end;
            let sum = match B::gradient(gradients, leaf.own()) {
                Some(own) => B::binary(Binary::Add, B::detach(own), sum),
                None => sum,
            };
            B::set_gradient(gradients, leaf.own(), sum);
        }
    }
}

/// The elements of parameters of this backend.
fn elements_of<B: Autodiff>() -> Elements {
    let add_up = |ranks: &Arc<Ranks>, gradients: &mut dyn Any| {
        add_up::<B>(ranks, gradients.downcast_mut().expect("gradients of the engine of the parameters"));
    };
    Elements { data_type: B::Elem::DATA_TYPE, gradients: TypeId::of::<B::Gradients>(), add_up }
}

/// The parameters of this backend that are still there.
pub(super) fn leaves<B: Autodiff>(ranks: &Ranks) -> Vec<Arc<Leaf<ArrayOf<B>>>> {
    let own = elements_of::<B>();
    let leaves = ranks.leaves().into_iter().filter(|(elements, _)| *elements == own);
    leaves.filter_map(|(_, leaf)| leaf.downcast().ok()).collect()
}

/// # Panics
/// Parameters of other elements have met what varies: their gradients would stay pending.
#[track_caller]
pub(super) fn check_others<B: Autodiff>(ranks: &Ranks) {
    let own = elements_of::<B>();
    let is_pending = ranks.leaves().iter().filter(|(elements, _)| *elements != own).any(|(_, leaf)| {
        is_pending::<ArrayOf<B, f16>>(leaf)
            || is_pending::<ArrayOf<B, bf16>>(leaf)
            || is_pending::<ArrayOf<B, f32>>(leaf)
            || is_pending::<ArrayOf<B, f64>>(leaf)
    });
    assert!(
        !is_pending,
        "a parameter has met what varies from rank to rank in another precision than that of the loss, {}: with a sharded optimizer, \
         cast it before it does, `weight.cast::<{0}>()`",
        B::Elem::DATA_TYPE
    );
}

fn is_pending<A: Clone + Send + Sync + 'static>(leaf: &Arc<AnyLeaf>) -> bool {
    leaf.downcast_ref::<Leaf<A>>().is_some_and(|leaf| !leaf.twins().is_empty())
}

/// The gradients of parameters that are pending, by the axes along which they are, in the order in which the parameters were tracked.
pub(super) fn pending<B: Autodiff>(
    leaves: &[Arc<Leaf<ArrayOf<B>>>],
    gradients: &B::Gradients,
) -> BTreeMap<MeshAxes, Vec<(Arc<Leaf<ArrayOf<B>>>, ArrayOf<B>)>> {
    let mut pending: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for leaf in leaves {
        for (axes, twin) in leaf.twins() {
            if let Some(gradient) = B::gradient(gradients, &twin) {
                pending.entry(axes).or_default().push((leaf.clone(), gradient));
            }
        }
    }
    pending
}

#[diagnostic::do_not_recommend]
impl<B: CustomFunctions> CustomFunctions for OnMesh<B> {
    fn custom(
        inputs: &[ArrayOf<Self>],
        result: ArrayOf<Self>,
        backward: impl Fn(ArrayOf<Self>) -> Vec<ArrayOf<Self>> + Send + Sync + 'static,
    ) -> ArrayOf<Self> {
        let common = inputs[1..].iter().fold(Common::of(&inputs[0]), Common::and);
        let missing: Vec<_> = inputs.iter().map(|x| common.varies.without(x.varies)).collect();
        let inputs: Vec<_> = inputs.iter().map(|x| common.vary::<B>(x)).collect();
        let (varies, ranks) = (result.varies, common.ranks);
        let of_result = ranks.clone();
        let backward = move |array| {
            let gradients = backward(OnRanks::new(array, varies, ranks.clone()));
            gradients.into_iter().zip(&missing).map(|(gradient, missing)| term::<B>(gradient, *missing)).collect()
        };
        let array = B::custom(&inputs, result.array, backward);
        OnRanks::new(array, varies, of_result)
    }
}

/// What this rank adds to a gradient that the ranks will add up along axes: its own, or, where they have added it up already and all
/// have the sum, the sum on the first of them and nothing on the others.
fn term<B: Backend>(gradient: OnRanks<ArrayOf<B>>, axes: MeshAxes) -> ArrayOf<B> {
    let is_first = |ranks: &Arc<Ranks>| axes.without(gradient.varies).iter().all(|axis| ranks.along(axis).rank() == 0);
    if gradient.ranks.as_ref().is_none_or(is_first) { gradient.array } else { zeros::<B>(&gradient.array) }
}
