//! Blocks of operations of which nothing is kept but the input: they are calculated again on the way back.

use super::super::array::Array;
use super::graph::Node;
use super::operation::Op;
use super::tape::{Recorder, Tracked};
use crate::backend::{Float, is_recording, no_grad, recorded};
use std::sync::Arc;

/// A block of operations.
pub type Block<T> = dyn Fn(Array<T>) -> Array<T> + Send + Sync;

/// The array of what the block gives, recorded as one operation. Nobody knows yet whether the block depends on other arrays
/// that are tracked, so it is recorded in any case.
pub fn checkpoint<T: Float, R>(
    x: Array<T>,
    block: impl Fn(Array<T>) -> (Array<T>, R) + Send + Sync + 'static,
) -> (Array<T>, R) {
    if !is_recording() {
        return block(x);
    }
    let (saved, inputs) = (x.saved(), vec![x.tracked().map(|tracked| tracked.node.clone())]);
    let (result, other) = no_grad(|| block(x));
    let op = Op::Checkpoint(Arc::new(move |x| block(x).0), saved);
    (Recorder::new().record(op, inputs, result), other)
}

/// The block once more, recorded: the node of its result, unless that depends on nothing that is tracked.
pub fn again<T: Float>(block: &Block<T>, x: &Array<T>, inputs: &[Option<Arc<Node>>]) -> Option<Arc<Node>> {
    let x = match inputs {
        [Some(node)] => x.clone().with_tracked(Tracked { node: node.clone(), recorder: Recorder::new() }),
        _ => x.clone(),
    };
    recorded(|| block(x)).tracked().map(|tracked| tracked.node.clone())
}
