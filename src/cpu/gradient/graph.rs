//! The autograd graph, and the backward pass through it.

use super::movement::Move;
use crate::cpu::array::Array;
use std::any::Any;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Debug, Formatter};
use std::mem::{ManuallyDrop, take};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An array of any element type.
pub type AnyArray = Box<dyn Any + Send + Sync>;

/// A node of the graph: a recorded operation and its result.
pub struct Node {
    /// In the order of recording, so that inputs have lower numbers: a topological order.
    number: u64,
    /// Whether its gradient is kept in [`Gradients`]: it was tracked by the user.
    retains_gradient: bool,
    parts: Parts,
}

/// The fields through which a node may hold other nodes: its inputs, and what the block of a checkpoint has captured.
#[derive(Default)]
struct Parts {
    inputs: Vec<Option<Arc<Node>>>,
    /// None only in a node that is being dropped.
    grad_fn: Option<Box<dyn GradFn>>,
}

/// What an operation contributes to the gradient of one of its inputs.
pub struct Contribution {
    pub array: AnyArray,
    /// If it is a slice of the gradient: the sizes of the whole, and the start along each axis.
    pub slice: Option<[Vec<usize>; 2]>,
}

/// The backward pass of one operation, whatever its element type.
pub trait GradFn: Send + Sync {
    /// From the gradient of the result, the contributions to those of other nodes: tracked inputs, or nodes that were recorded
    /// only now, by a checkpoint.
    fn backward(&self, gradient: AnyArray, inputs: &[Option<Arc<Node>>]) -> Vec<(Arc<Node>, Contribution)>;
    /// Accumulates a contribution into the gradient of the result; `None` is zero.
    fn accumulate(&self, sum: Option<AnyArray>, contribution: Contribution) -> AnyArray;
    /// The backward pass of an operation that moves elements of the result.
    fn moved(&self, op: Move) -> Box<dyn GradFn>;
    /// Another holder of the same array.
    fn share(&self, array: &AnyArray) -> AnyArray;
}

impl Node {
    pub fn new(grad_fn: Box<dyn GradFn>, inputs: Vec<Option<Arc<Node>>>, retains_gradient: bool) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // An input was made before, on this thread or on one that handed it over.
        let parts = Parts { inputs, grad_fn: Some(grad_fn) };
        Arc::new(Node { number: NEXT.fetch_add(1, Ordering::Relaxed), retains_gradient, parts })
    }

    pub fn grad_fn(&self) -> &dyn GradFn {
        self.parts.grad_fn.as_deref().expect("a node has its grad_fn until it is dropped")
    }
}

/// The node of an array, if it is tracked.
pub fn node_of<T>(x: &Array<T>) -> Option<Arc<Node>> {
    x.tracked().and_then(|tracked| tracked.clone().downcast().ok())
}

/// The array as the result of a node.
pub fn track<T>(x: Array<T>, node: Arc<Node>) -> Array<T> {
    x.with_tracked(node)
}

thread_local! {
    /// While a node is dropped on this thread: the parts of other nodes that are still to be dropped. It has no destructor,
    /// so that it can still be used when thread-locals are dropped; outside of a drop it is empty.
    static LEFT: ManuallyDrop<Cell<Option<Vec<Parts>>>> = const { ManuallyDrop::new(Cell::new(None)) };
}

/// Drops the parts that are left on this thread, also while a panic of a destructor unwinds.
struct Dropping;

impl Dropping {
    fn next() -> Option<Parts> {
        let mut left = LEFT.with(|left| left.take())?;
        let next = left.pop();
        LEFT.with(|place| place.set(Some(left)));
        next
    }
}

impl Drop for Dropping {
    fn drop(&mut self) {
        while let Some(parts) = Dropping::next() {
            drop(parts);
        }
        LEFT.with(|left| left.take());
    }
}

impl Drop for Node {
    /// Iteratively: recursion would overflow the stack on a deep graph.
    fn drop(&mut self) {
        let parts = take(&mut self.parts);
        if let Some(mut left) = LEFT.with(|left| left.take()) {
            left.push(parts);
            return LEFT.with(|place| place.set(Some(left)));
        }
        LEFT.with(|left| left.set(Some(Vec::new())));
        let _dropping = Dropping;
        drop(parts);
    }
}

/// The gradients of one number with respect to the arrays that were tracked.
pub struct Gradients(HashMap<u64, AnyArray>);

impl Gradients {
    /// Of nothing.
    pub fn none() -> Self {
        Gradients(HashMap::new())
    }

    /// The backward pass from a node, with the gradient of its own result.
    ///
    /// Nodes are taken in reverse order of recording, so that the gradient of a result is complete before its `grad_fn` runs,
    /// and is accumulated in a fixed order. What a checkpoint records meanwhile has higher numbers than all pending nodes, and
    /// comes next. A node that nobody else holds is freed after its turn, with its saved arrays.
    pub fn new(node: Arc<Node>, gradient: AnyArray) -> Self {
        let mut found = HashMap::new();
        let mut pending = BTreeMap::from([(node.number, (node, gradient))]);
        while let Some((number, (node, gradient))) = pending.pop_last() {
            if node.retains_gradient {
                found.insert(number, node.grad_fn().share(&gradient));
            }
            for (input, contribution) in node.grad_fn().backward(gradient, &node.parts.inputs) {
                let sum = pending.remove(&input.number).map(|(_, sum)| sum);
                let sum = input.grad_fn().accumulate(sum, contribution);
                pending.insert(input.number, (input, sum));
            }
        }
        Gradients(found)
    }

    /// That with respect to the result of the node.
    pub fn get(&self, node: &Node) -> Option<&AnyArray> {
        self.0.get(&node.number)
    }

    /// Puts another in its place.
    pub fn set(&mut self, node: &Node, gradient: AnyArray) {
        self.0.insert(node.number, gradient);
    }
}

impl Debug for Gradients {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Gradients of {} arrays", self.0.len())
    }
}
