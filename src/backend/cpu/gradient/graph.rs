//! The operations that led to an array, and the way back through them.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Debug, Formatter};
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
    inputs: Vec<Option<Arc<Node>>>,
    step: Box<dyn Step>,
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
    /// Another holder of the same array.
    fn share(&self, array: &AnyArray) -> AnyArray;
}

impl Node {
    pub fn new(step: Box<dyn Step>, inputs: Vec<Option<Arc<Node>>>, kept: bool) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // An input was made before, on this thread or on one that handed it over.
        Arc::new(Node { number: NEXT.fetch_add(1, Ordering::Relaxed), kept, inputs, step })
    }
}

impl Drop for Node {
    /// One after another: a deep graph would overflow the stack.
    fn drop(&mut self) {
        let mut inputs = std::mem::take(&mut self.inputs);
        while let Some(input) = inputs.pop() {
            if let Some(mut node) = input.and_then(Arc::into_inner) {
                inputs.append(&mut node.inputs);
            }
        }
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
                found.insert(number, node.step.share(&gradient));
            }
            for (input, addend) in node.step.backward(gradient, &node.inputs) {
                let sum = pending.remove(&input.number).map(|(_, sum)| sum);
                let sum = input.step.add(sum, addend);
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
