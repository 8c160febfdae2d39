//! Gradients, for an engine whose operations are linear beside the numbers that they were calculated of: each is recorded as
//! its slopes, and the backward pass is the same for all.

use congruent::backend::is_recording;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An operation that was recorded, by its result.
#[derive(Debug)]
pub struct Node {
    /// In the order of recording: what an operation depends on has lower numbers.
    number: u64,
    inputs: Vec<Option<Arc<Node>>>,
    slopes: Vec<Slope>,
    /// How many elements the result has.
    len: usize,
}

/// How much an element of the result grows with one of an input.
#[derive(Clone, Copy, Debug)]
pub struct Slope {
    pub input: usize,
    pub from: usize,
    pub to: usize,
    pub by: f64,
}

impl Node {
    /// The node of a result, if one of the inputs has one and recording is on.
    pub fn new(inputs: Vec<Option<Arc<Node>>>, len: usize, slopes: impl FnOnce() -> Vec<Slope>) -> Option<Arc<Self>> {
        if !is_recording() || inputs.iter().all(Option::is_none) {
            return None;
        }
        Some(Self::made(inputs, len, slopes()))
    }

    /// The node of an array that is tracked.
    pub fn tracked(before: Option<Arc<Node>>, len: usize) -> Arc<Self> {
        let same = (0..len).map(|at| Slope { input: 0, from: at, to: at, by: 1.0 });
        Self::made(vec![before], len, same.collect())
    }

    fn made(inputs: Vec<Option<Arc<Node>>>, len: usize, slopes: Vec<Slope>) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new(Node { number: NEXT.fetch_add(1, Ordering::Relaxed), inputs, slopes, len })
    }
}

/// The gradients of one number, by the nodes of arrays.
#[derive(Debug, Default)]
pub struct Gradients(HashMap<u64, Vec<f64>>);

impl Gradients {
    /// Nodes are taken by falling numbers: all that adds to a gradient is there before it is asked for.
    pub fn of(node: Option<Arc<Node>>) -> Self {
        let mut found = HashMap::new();
        let mut pending: BTreeMap<_, _> = node.into_iter().map(|node| (node.number, (node, vec![1.0]))).collect();
        while let Some((number, (node, gradient))) = pending.pop_last() {
            for slope in &node.slopes {
                let Some(input) = &node.inputs[slope.input] else { continue };
                let zeros = || (input.clone(), vec![0.0; input.len]);
                let (_, sum) = pending.entry(input.number).or_insert_with(zeros);
                sum[slope.from] += slope.by * gradient[slope.to];
            }
            found.insert(number, gradient);
        }
        Gradients(found)
    }

    pub fn get(&self, node: &Node) -> Option<&[f64]> {
        self.0.get(&node.number).map(Vec::as_slice)
    }

    pub fn set(&mut self, node: &Node, gradient: Vec<f64>) {
        self.0.insert(node.number, gradient);
    }
}
