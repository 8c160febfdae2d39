//! Gradients of which each rank has a share.

use super::array::{Leaf, OnRanks, Twin};
use super::autodiff::{check_others, leaves, pending};
use super::communicator::Combine;
use super::engine::OnMesh;
use super::ranks::AnyLeaf;
use super::sharing::Sharing;
use crate::backend::{ArrayOf, Autodiff, Backend, Binary, MeshAxes, PrimitiveOf, elements};
use crate::sealed::Sealed;
use std::sync::Arc;

/// A backend whose arrays lie on a mesh of ranks: [`OnMesh`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no ranks that could divide the state of an optimizer",
    label = "expected a backend on a mesh: `OnMesh<{Self}>`",
    note = "the model and its optimizer are on the mesh, with as many ranks as there are, one included: `model.to_engine::<OnMesh<{Self}>>(&mesh.device())`, `Optimizer::<OnMesh<{Self}>>::new(rule)`",
    note = "explained in `congruent::errors::C117`: https://docs.rs/congruent/latest/congruent/errors/C117/"
)]
pub trait MeshBackend: Autodiff {
    /// What tells parameters apart.
    #[doc(hidden)]
    fn leaf(x: &ArrayOf<Self>) -> Option<Arc<AnyLeaf>>;
    /// Whether an array lies on the mesh of the ranks that divide arrays.
    #[doc(hidden)]
    fn lies_on(x: &ArrayOf<Self>, sharing: &Sharing) -> bool;
    /// The gradients of a number with respect to parameters: this rank's shares of those that the ranks divide, and all of others.
    #[doc(hidden)]
    fn backward_in_shares(x: ArrayOf<Self>, sharing: &Sharing) -> Vec<(Arc<AnyLeaf>, ArrayOf<Self>)>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Autodiff> MeshBackend for OnMesh<B> {
    fn leaf(x: &ArrayOf<Self>) -> Option<Arc<AnyLeaf>> {
        match &x.twin {
            Some(Twin::Parameter(leaf)) => Some(leaf.clone()),
            _ => None,
        }
    }
    fn lies_on(x: &ArrayOf<Self>, sharing: &Sharing) -> bool {
        x.ranks.as_ref().is_some_and(|own| Arc::ptr_eq(own, sharing.ranks()))
    }
    fn backward_in_shares(x: ArrayOf<Self>, sharing: &Sharing) -> Vec<(Arc<AnyLeaf>, ArrayOf<Self>)> {
        assert!(x.varies.is_empty(), "gradients are those of a number that all ranks have alike, and this one differs");
        check_others::<B>(sharing.ranks());
        let gradients = B::backward(x.array);
        let leaves = leaves::<B>(sharing.ranks());
        // Of those that are pending along the axis, the sums go to their ranks; others are cut where they are.
        let mut found: Vec<(Arc<Leaf<_>>, ArrayOf<Self>)> = Vec::new();
        for leaf in &leaves {
            if let Some(own) = B::gradient(&gradients, leaf.own()) {
                found.push((leaf.clone(), of_parameter::<B>(leaf, B::detach(own), sharing)));
            }
        }
        for (axes, terms) in pending::<B>(&leaves, &gradients) {
            found.extend(sums::<B>(axes, terms, sharing));
        }
        drop(gradients);
        added_by_parameter::<B>(&leaves, found)
    }
    fn sealed(_: Sealed) {}
}

/// A gradient that all ranks along the axis have alike, or a share of it if they divide the parameter.
fn of_parameter<B: Autodiff>(leaf: &Leaf<ArrayOf<B>>, array: ArrayOf<B>, sharing: &Sharing) -> ArrayOf<OnMesh<B>> {
    let gradient = OnRanks::new(array, leaf.varies(), Some(sharing.ranks().clone()));
    if sharing.divides::<OnMesh<B>>(&gradient) { sharing.share::<OnMesh<B>>(&gradient) } else { gradient }
}

/// The sums of terms that are pending along these axes.
fn sums<B: Autodiff>(
    axes: MeshAxes,
    terms: Vec<(Arc<Leaf<ArrayOf<B>>>, ArrayOf<B>)>,
    sharing: &Sharing,
) -> Vec<(Arc<Leaf<ArrayOf<B>>>, ArrayOf<OnMesh<B>>)> {
    let ranks = sharing.ranks();
    let mut numbers: Vec<Vec<PrimitiveOf<B>>> = terms.iter().map(|(_, term)| elements::<B>(term)).collect();
    let is_scattered = axes.has(sharing.axis());
    if is_scattered {
        numbers = sharing.sums(&numbers);
    }
    let lengths: Vec<_> = numbers.iter().map(Vec::len).collect();
    let mut message = numbers.concat();
    for axis in axes.without(sharing.axis().into()).iter() {
        message = ranks.reduced(Combine::Sum, axis, message);
    }
    let mut left = &*message;
    let sums = terms.into_iter().zip(lengths).map(|((leaf, term), length)| {
        let numbers = left.split_off(..length).expect("the terms of each").to_vec();
        let device = B::device(&term);
        let sum = if is_scattered {
            let (array, varies) =
                (B::from_elements(numbers, &[length], &device), leaf.varies().and(sharing.axis().into()));
            OnRanks::new(array, varies, Some(ranks.clone()))
        } else {
            of_parameter::<B>(&leaf, B::from_elements(numbers, B::sizes(&term), &device), sharing)
        };
        (leaf, sum)
    });
    sums.collect()
}

/// One gradient of each parameter, in the order in which they were tracked.
fn added_by_parameter<B: Autodiff>(
    leaves: &[Arc<Leaf<ArrayOf<B>>>],
    mut found: Vec<(Arc<Leaf<ArrayOf<B>>>, ArrayOf<OnMesh<B>>)>,
) -> Vec<(Arc<AnyLeaf>, ArrayOf<OnMesh<B>>)> {
    let gradient = |leaf: &Arc<Leaf<_>>| {
        let own = found.extract_if(.., |(other, _)| Arc::ptr_eq(leaf, other)).map(|(_, gradient)| gradient);
        let sum = own.reduce(|sum, other| OnMesh::<B>::binary(Binary::Add, sum, other))?;
        Some((leaf.clone() as Arc<AnyLeaf>, sum))
    };
    leaves.iter().filter_map(gradient).collect()
}
