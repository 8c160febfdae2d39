//! Cases as they are compared by their gradients, and what is compared by these alone.

use super::cases::Compared;
use crate::common::Case;
use crate::common::layers::{HEADS, Inputs, encoder_layer};
use congruent::backend::{Autodiff, Backend, Binary, Reduce};
use congruent::cpu::Array;
use congruent::nn::{NormOrder, attention, cross_entropy, mean_where, smoothed_cross_entropy};
use congruent::optim::{Adam, AdamW, Optimizer, Sgd};
use congruent::prelude::*;
use std::cell::RefCell;

dims! { Batch; Heads; Queries; Keys; HeadDim; Value; Seq; Embed; Hidden; Rows; }

/// A case whose inputs are tracked.
pub struct Tracked {
    case: Case<'static>,
    inputs: RefCell<Vec<(String, Array<f32>)>>,
}

impl Inputs for Tracked {
    fn input<S: Shape>(&self, name: &str, shape: S) -> Tensor<S> {
        let x = self.case.input(name, shape).tracked();
        self.inputs.borrow_mut().push((name.to_owned(), x.array().clone()));
        x
    }
}

impl Compared for Tracked {
    fn named(name: &'static str) -> Self {
        Tracked { case: Case::named(name), inputs: RefCell::default() }
    }
    fn case(&self) -> &Case<'static> {
        &self.case
    }
    /// The gradients of `sum(y · cot)` within `1e-5` of numbers around 1, as the results are: they were calculated in
    /// double precision and stored in single, ours are single throughout.
    fn assert<S: Shape>(&self, y: &Tensor<S>) {
        let cot = self.case.tensor("cot", y.shape());
        let terms = Cpu::<f32>::binary(Binary::Mul, y.array().clone(), cot.into_array());
        let count = y.shape().elements();
        let sum = Cpu::<f32>::reduce(Reduce::Sum, &Cpu::<f32>::reshape(&terms, &[count]), 0);
        let gradients = Cpu::<f32>::backward(sum);
        for (name, input) in self.inputs.borrow().iter() {
            let found = Cpu::<f32>::gradient(&gradients, input).expect("the loss depends on every input");
            assert_eq!(found.sizes(), input.sizes());
            let expected = self.expected(name, input.sizes());
            for (at, (found, expected)) in found.elements().iter().zip(expected).enumerate() {
                let near = (found - expected).abs() <= 1e-5 * expected.abs().max(1.0);
                assert!(near, "{}, {name}: {found} for {expected} at {at}", self.case.name);
            }
        }
    }
}

impl Tracked {
    fn expected(&self, name: &str, sizes: &[usize]) -> Vec<f32> {
        let name = format!("grad.{name}");
        match *sizes {
            [a] => Seq::with(a, |a| self.case.tensor(&name, (a,)).to_vec()),
            [a, b] => Seq::with(a, |a| Embed::with(b, |b| self.case.tensor(&name, (a, b)).to_vec())),
            [a, b, c] => {
                bind!(a: Batch = a, b: Seq = b, c: Embed = c);
                self.case.tensor(&name, (a, b, c)).to_vec()
            }
            [a, b, c, d] => {
                bind!(a: Batch = a, b: Heads = b, c: Seq = c, d: HeadDim = d);
                self.case.tensor(&name, (a, b, c, d)).to_vec()
            }
            _ => panic!("no case has such an input"),
        }
    }
}

#[test]
fn attention_padded() {
    for name in ["attention_padded", "attention_padded_empty"] {
        let case = Tracked::named(name);
        let [batch, heads, queries, head_dim] = case.case.sizes("in.q");
        let [_, _, keys, value] = case.case.sizes("in.v");
        bind!(batch: Batch = batch, heads: Heads = heads, queries: Queries = queries, keys: Ragged<Keys> = keys);
        bind!(head_dim: HeadDim = head_dim, value: Value = value);
        let q = case.input("q", (batch, heads, queries, head_dim));
        let k = case.input("k", (batch, heads, keys, head_dim));
        let v = case.input("v", (batch, heads, keys, value));
        let lengths = Lengths::new(batch, keys, &case.case.lengths()).unwrap();
        case.assert(&attention(&q, &k, &v, &lengths));
    }
}

#[test]
fn cross_entropies() {
    bind!(batch: Batch = 6, rows: Rows = 9, one: Seq = 1);
    let case = Tracked::named("cross_entropy");
    let targets = case.case.of::<i32, _>("in.targets", (batch,)).to_vec();
    let known = Cpu::from_vec((batch,), targets.iter().map(|target| *target >= 0).collect()).unwrap();
    let targets: Vec<u32> = targets.into_iter().map(|id| id.max(0) as u32).collect();
    let losses = cross_entropy(&case.input("logits", (batch, rows)), &Ids::new((batch,), rows, &targets).unwrap());
    let loss = mean_where(&losses, &known);
    case.assert(&Tensor::try_from_array((one,), Cpu::<f32>::reshape(loss.array(), &[1])).unwrap());

    let case = Tracked::named("cross_entropy_smoothed");
    let targets = case.case.of::<i32, _>("in.targets", (batch,)).cast::<u32>().to_vec();
    let targets = Ids::new((batch,), rows, &targets).unwrap();
    let loss = smoothed_cross_entropy(&case.input("logits", (batch, rows)), &targets, 0.1).mean(batch);
    let loss = Tensor::try_from_array((one,), Cpu::<f32>::reshape(loss.array(), &[1])).unwrap();
    case.case.assert(&loss);
    case.assert(&loss);
}

#[test]
fn encoder_layer_padded() {
    let case = Tracked::named("encoder_layer_padded");
    let ([batch, seq, width], [hidden]) = (case.case.sizes("in.x"), case.case.sizes("in.m_linear1_bias"));
    bind!(batch: Batch = batch, seq: Ragged<Seq> = seq, embed: Embed = width, hidden: Hidden = hidden);
    bind!(heads: Heads = HEADS, head_dim: HeadDim = width / HEADS);
    let layer = encoder_layer(&case, NormOrder::Post, embed, heads, head_dim, hidden);
    let lengths = Lengths::new(batch, seq, &case.case.lengths()).unwrap();
    case.assert(&layer.forward(&case.input("x", (batch, seq, embed)), &lengths));
}

/// Five steps down `sum((w · a - b)²)`, within `1e-5` of numbers around 1: PyTorch's steps are in double precision.
#[test]
fn optimizers_take_the_steps_of_pytorch() {
    dims! { Rows = 4; Columns = 3; }
    let check = |name: &'static str, mut optimizer: Optimizer| {
        let case = Case::named(name);
        let [mut w, a, b] = ["w", "a", "b"].map(|input| case.input(input, (Rows, Columns)));
        w.track();
        for _ in 0..5 {
            let gradients = (&w * &a - &b).square().sum(Rows).sum(Columns).backward();
            optimizer.step(&mut w, &gradients, 1.0);
        }
        let expected = case.tensor("out.w", (Rows, Columns));
        let distance = (w - expected).abs().to_vec().into_iter().fold(0.0, f32::max);
        assert!(distance < 1e-5, "{name}: {distance}");
    };
    check("sgd_momentum", Optimizer::new(Sgd { learning_rate: 0.01, momentum: 0.9, ..Sgd::default() }));
    check("adam", Optimizer::new(Adam { learning_rate: 0.01, ..Adam::default() }));
    let adam_w = AdamW { learning_rate: 0.01, weight_decay: 0.1, betas: [0.9, 0.95], ..AdamW::default() };
    check("adamw", Optimizer::new(adam_w));
}
