//! Checkpoints: only the input of a block is saved, and the block is recomputed in the backward pass.

use super::graph::{Node, node_of, track};
use crate::backend::{Float, recorded};
use crate::cpu::array::Array;
use std::sync::Arc;

/// A block of operations.
pub type Block<T> = dyn Fn(Array<T>) -> Array<T> + Send + Sync;

/// Runs the block again and records it: the node of its result, unless that depends on no tracked array.
pub fn recompute<T: Float>(block: &Block<T>, x: &Array<T>, inputs: &[Option<Arc<Node>>]) -> Option<Arc<Node>> {
    let x = match inputs {
        [Some(node)] => track(x.clone(), node.clone()),
        _ => x.clone(),
    };
    node_of(&recorded(|| block(x)))
}
