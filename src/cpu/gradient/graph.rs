//! The operations that led to an array, and the backward pass through them.

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

/// An operation that was recorded, by its result.
pub struct Node {
    /// In the order of recording, so that what an operation depends on has lower numbers.
    number: u64,
    /// Whether its gradient is a result.
    kept: bool,
    parts: Parts,
}

/// What a node may hold other nodes by: its inputs, and in its step what the block of a checkpoint has captured.
#[derive(Default)]
struct Parts {
    inputs: Vec<Option<Arc<Node>>>,
    /// None only in a node that is being dropped.
    step: Option<Box<dyn Step>>,
}

/// What an operation adds to the gradient of one of its inputs.
pub struct Addend {
    pub array: AnyArray,
    /// If it is a part of the gradient, the sizes of the whole, and where the part begins.
    pub place: Option<[Vec<usize>; 2]>,
}

/// What is to be known of an operation, whatever its elements are.
pub trait Step: Send + Sync {
    /// From the gradient of the result, what is added to those of other results: of the inputs that are tracked, or of what
    /// was recorded only now.
    fn backward(&self, gradient: AnyArray, inputs: &[Option<Arc<Node>>]) -> Vec<(Arc<Node>, Addend)>;
    /// Adds to a gradient of the result, which is zero where there is none yet.
    fn add(&self, sum: Option<AnyArray>, addend: Addend) -> AnyArray;
    /// What is recorded of an operation that moves elements of the result.
    fn moved(&self, op: Move) -> Box<dyn Step>;
    /// Another holder of the same array.
    fn share(&self, array: &AnyArray) -> AnyArray;
}

impl Node {
    pub fn new(step: Box<dyn Step>, inputs: Vec<Option<Arc<Node>>>, kept: bool) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // An input was made before, on this thread or on one that handed it over.
        let parts = Parts { inputs, step: Some(step) };
        Arc::new(Node { number: NEXT.fetch_add(1, Ordering::Relaxed), kept, parts })
    }

    pub fn step(&self) -> &dyn Step {
        self.parts.step.as_deref().expect("a node has its step until it is dropped")
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
    /// While a node is dropped on this thread: what was in the nodes that this one held. It has no destructor, so that it
    /// is there for what is dropped at the end of the thread; where no node is dropped, it holds nothing.
    static LEFT: ManuallyDrop<Cell<Option<Vec<Parts>>>> = const { ManuallyDrop::new(Cell::new(None)) };
}

/// Drops what is left on this thread; what is not, because a destructor panics, is dropped as that goes on.
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
    /// One after another: a deep graph would overflow the stack, whether a node is an input of the next or captured by its
    /// block.
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

    /// The gradients of the node's result, of which that with respect to itself is given.
    ///
    /// Nodes are taken by falling numbers, so that all gradients of a result are summed before its operation is gone
    /// back through, in an order that is that of recording. What is recorded on the way has higher numbers than all that is
    /// left, and so is gone back through at once. A node that nobody else holds is freed then, with all that it kept.
    pub fn new(node: Arc<Node>, gradient: AnyArray) -> Self {
        let mut found = HashMap::new();
        let mut pending = BTreeMap::from([(node.number, (node, gradient))]);
        while let Some((number, (node, gradient))) = pending.pop_last() {
            if node.kept {
                found.insert(number, node.step().share(&gradient));
            }
            for (input, addend) in node.step().backward(gradient, &node.parts.inputs) {
                let sum = pending.remove(&input.number).map(|(_, sum)| sum);
                let sum = input.step().add(sum, addend);
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
