//! What safe code tried in vain: no panic of a user, and no owner of memory, size or rule that breaks its promise, leads to
//! memory that is somebody else's, or to a tensor of other sizes than its type has.

#![forbid(unsafe_code)]

use congruent::backend::Backend;
use congruent::cpu::{Array, static_sizes};
use congruent::io::{Bytes, Dtype, Entry, Source, Weights, load};
use congruent::nn::Linear;
use congruent::optim::{Adam, Optimizer, Rule, State};
use congruent::prelude::*;
use congruent::{checkpoint, threads};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

dims! { A = 3; In = 32; Out = 2; Batch = 1; }

/// The message of the panic of `f`.
fn panics<T>(f: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("no panic") };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default()
}

/// The payload of a panic, which panics when it is dropped.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        if !thread::panicking() {
            resume_unwind(Box::new("the destructor of a payload"));
        }
    }
}

/// Elements whose owner panics on each thread that asks for them while it is `bad`.
struct Owner(Vec<f32>, Arc<AtomicBool>);

impl AsRef<[f32]> for Owner {
    fn as_ref(&self) -> &[f32] {
        if self.1.load(Ordering::SeqCst) {
            resume_unwind(Box::new(Payload));
        }
        &self.0
    }
}

#[test]
fn a_product_panics_with_the_first_payload_whatever_payloads_do() {
    let (batch, n) = (16, 64);
    let bad = Arc::new(AtomicBool::new(false));
    let owner = Owner(vec![1.0; batch * n * n], bad.clone());
    let x = Array::from_owner(Box::new(owner), &[batch, n, n]);
    let y = Array::from_vec(vec![1.0; batch * n * n], &[batch, n, n]);
    let product = || threads::with(3, || <Cpu<f32> as Backend>::matmul(&x, &y));
    for _ in 0..50 {
        bad.store(true, Ordering::SeqCst);
        let panic: Box<dyn Any + Send> = catch_unwind(AssertUnwindSafe(product)).unwrap_err();
        assert!(panic.is::<Payload>());
        std::mem::forget(panic);
        bad.store(false, Ordering::SeqCst);
        assert!(product().as_slice().unwrap().iter().all(|x| *x == n as f32));
    }
}

#[test]
fn sizes_whose_product_wraps_are_refused() {
    // Sizes `m · k` and `m · n` that wrap to zero, and that wrap to the sizes of the slices.
    for [m, k, n] in [[1 << 63, 2, 2], [2, 2, 1 << 63], [2, 1 << 63, 2], [(1 << 62) + 1, 4, 4]] {
        for [a, b, c] in [[0, 4, 0], [4, 0, 0], [0, 0, 4], [4, 16, 4]] {
            let (a, b, mut c) = (vec![1.0; a], vec![1.0; b], vec![1.0; c]);
            let text = panics(|| static_sizes::multiply_dynamic([m, k, n], &a, &b, &mut c));
            assert!(text.contains("matrices of their sizes"), "{text}");
        }
    }
    let mut c = [1.0; 4];
    static_sizes::multiply_dynamic([2, 0, 2], &[], &[], &mut c);
    assert_eq!(c, [0.0; 4]);
    static_sizes::multiply_dynamic([0, 0, usize::MAX], &[], &[], &mut []);
    panics(|| Array::from_vec(vec![0.0f32; 0], &[1 << 32, 1 << 32]));
    panics(|| Array::from_vec(vec![0.0f32; 0], &[2]).reshape(&[1 << 32, 1 << 32]));
    panics(|| Array::from_vec(vec![0.0f32; 0], &[0]).reshape(&[1 << 32, 1 << 32]));
}

#[test]
fn an_axis_has_one_place() {
    let x = Array::from_vec(vec![1.0f32; 6], &[2, 3]);
    for order in [&[1, 1][..], &[0], &[0, 1, 1], &[1, 0, 0], &[0, 2]] {
        panics(|| x.permute(order));
    }
    panics(|| x.broadcast(&[3]));
    assert_eq!(x.permute(&[1, 0]).sizes(), [3, 2]);
}

/// Bytes that begin one later, or are fewer, once they have `moved`.
struct Moving(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Moving {
    fn as_ref(&self) -> &[u8] {
        let even = self.0.as_ptr().addr() % 2;
        match self.1.load(Ordering::SeqCst) {
            0 => &self.0[even..][..128],
            1 => &self.0[even + 1..][..128],
            _ => &self.0[even..][..64],
        }
    }
}

struct Weight(Arc<Moving>, Dtype, Vec<usize>);

impl Source for Weight {
    fn names(&self) -> Vec<String> {
        vec!["weight".into()]
    }
    fn get(&self, name: &str) -> Option<Entry> {
        let bytes = || Bytes::new(self.0.clone(), 0..128);
        (name == "weight").then(|| Entry { dtype: self.1.clone(), sizes: self.2.clone(), bytes: bytes() })
    }
}

#[test]
fn bytes_of_a_source_that_move_are_not_read() {
    let moved = Arc::new(AtomicUsize::new(0));
    let owner = || Arc::new(Moving([0, 0x3c].repeat(66), moved.clone()));
    let halves = Weight(owner(), Dtype::F16, vec![2, 32]);
    let layer = load(&halves, |w: Weights<f32>| Linear::load_without_bias(&w.casting(), In, Out)).unwrap();
    let bytes = Weight(owner(), Dtype::U8, vec![128]);
    let bytes = load(&bytes, |w: Weights<u8>| w.tensor("weight", (N::<128>,))).unwrap();
    let product = || layer.forward(&Tensor::ones((Batch, In))).to_vec();
    for later in [1, 2] {
        moved.store(0, Ordering::SeqCst);
        assert_eq!((product(), bytes.to_vec()[1]), (vec![32.0, 32.0], 0x3c));
        moved.store(later, Ordering::SeqCst);
        let text = "an owner of shared elements gave others than at first";
        assert_eq!([panics(product), panics(|| bytes.to_vec())], [text, text]);
    }
    moved.store(0, Ordering::SeqCst);
    assert!(panics(|| Bytes::new(owner(), 1..129)).contains("1..129"));
}

#[test]
fn a_parameter_keeps_its_sizes() {
    let other = Tensor::from_fn((N::<7>,), |[i]| i as f32);
    let mut x = Tensor::ones((A,));
    let text = panics(|| x.for_each_mut(|mut x| x.change(|_| other.array().clone())));
    assert!(text.contains("A = 3") && text.contains("[7]"), "{text}");
    assert!(x.to_vec().len() == 3 && x.to_vec().iter().all(|x| x.is_nan()));
    assert_eq!(((&x + &x).to_vec().len(), x.sum(A).to_vec().len()), (3, 1));
    let mut x = Tensor::ones((A,));
    assert_eq!(panics(|| x.for_each_mut(|mut x| x.change(|_| panic!("of the user")))), "of the user");
    assert!(x.sizes() == [3] && x.to_vec().iter().all(|x| x.is_nan()));
    x.for_each_mut(|mut x| x.change(|_| Tensor::ones((A,)).array().clone()));
    assert_eq!(x.to_vec(), [1.0; 3]);
}

/// What a rule does wrong.
#[derive(Clone, Copy)]
enum Wrong {
    Parameter,
    Moment,
    Moments,
    Panic,
}

struct Bad(Wrong);

impl Rule for Bad {
    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
        vec![sizes.to_vec()]
    }

    fn step(&self, x: Array<f32>, _: Array<f32>, state: &mut State, _: f64) -> Array<f32> {
        let other = || Array::full(0.0, &[7]);
        match self.0 {
            Wrong::Parameter => return other(),
            Wrong::Moment => state.moments[0] = other(),
            Wrong::Moments => state.moments.clear(),
            Wrong::Panic => panic!("of the rule"),
        }
        x
    }
}

#[test]
fn what_a_rule_gives_is_checked_before_it_is_stored() {
    #[derive(Module)]
    struct Model {
        weight: Tensor<(A,)>,
    }
    for (wrong, text) in [
        (Wrong::Parameter, "`weight` is (A = 3), of sizes [3]"),
        (Wrong::Moment, "the state of `weight` has arrays of sizes [[3]], and found are [[7]]"),
        (Wrong::Moments, "the state of `weight` has arrays of sizes [[3]], and found are []"),
        (Wrong::Panic, "of the rule"),
    ] {
        let mut model = Model { weight: Tensor::ones((A,)).tracked() };
        let gradients = model.weight.square().sum(A).backward();
        let mut optimizer = Optimizer::new(Bad(wrong));
        let found = panics(|| optimizer.step(&mut model, &gradients, 1.0));
        assert!(found.contains(text), "{found}");
        assert!(model.weight.sizes() == [3] && model.weight.to_vec().iter().all(|x| x.is_nan()));
        assert_eq!(format!("{optimizer:?}"), "Optimizer with the state of 0 parameters");
    }
    // A parameter of another shape at the path of one that has a state.
    let mut optimizer = Optimizer::new(Adam::default());
    let mut first = Tensor::ones((A,)).tracked();
    let gradients = first.square().sum(A).backward();
    optimizer.step(&mut first, &gradients, 1.0);
    let mut second = Tensor::ones((Out,)).tracked();
    let gradients = second.square().sum(Out).backward();
    assert!(panics(|| optimizer.step(&mut second, &gradients, 1.0)).contains("arrays of sizes [[2], [2]]"));
    assert_eq!(second.to_vec(), [1.0; 2]);
}

#[test]
fn two_parameters_of_one_path_share_no_state() {
    #[derive(Module)]
    struct Model {
        #[module(name = "weight")]
        first: Tensor<(A,)>,
        #[module(name = "weight")]
        second: Tensor<(A,)>,
    }
    let mut model = Model { first: Tensor::ones((A,)), second: Tensor::ones((A,)) };
    model.track();
    let gradients = (model.first.square() + &model.second).sum(A).backward();
    let text = panics(|| Optimizer::new(Adam::default()).step(&mut model, &gradients, 1.0));
    assert_eq!(text, "two parameters of the model have the path `weight`");
}

/// `x`, and so many checkpoints, each of which holds the result of the one before.
fn chain(x: &Tensor<(A,)>, depth: usize) -> Tensor<(A,)> {
    (0..depth).fold(x.clone(), |before, _| checkpoint(x, move |x| x + &before))
}

#[test]
fn long_chains_of_checkpoints_need_no_stack() {
    let small = thread::Builder::new().stack_size(256 << 10);
    let chains = || {
        let x = Tensor::ones((A,)).tracked();
        let y = chain(&x, 100_000);
        assert_eq!(y.to_vec(), [100_001.0; 3]);
        assert!(!format!("{y:?}").is_empty());
        drop(y.clone());
        drop(y);
        // The backward pass, which frees what it has passed.
        let loss = chain(&x, 20_000).sum(A);
        assert_eq!(loss.backward().of(&x).to_vec(), [20_001.0; 3]);
        // A chain that goes through inputs and captured results in turn, and one that is dropped by another thread.
        let y = (0..50_000).fold(x.clone(), |y, _| checkpoint(&(&y * 0.5), move |half| half + &y * 0.5));
        thread::spawn(move || drop(y)).join().unwrap();
        // Chains that go as far as the block: a checkpoint holds a checkpoint's block.
        let loss = chain(&chain(&x, 1000), 1000).sum(A);
        drop(loss);
    };
    small.spawn(chains).unwrap().join().unwrap();
}

#[test]
fn a_destructor_in_a_block_may_panic() {
    struct Loud(#[allow(dead_code)] Tensor<(A,)>);
    impl Drop for Loud {
        fn drop(&mut self) {
            if !thread::panicking() {
                resume_unwind(Box::new("of a captured value"));
            }
        }
    }
    let x = Tensor::ones((A,)).tracked();
    let dropped = Arc::new(());
    let held = dropped.clone();
    let before = checkpoint(&x, move |x| x * (Arc::strong_count(&held) as f32));
    let loud = Loud(before);
    let y = checkpoint(&x, move |x| {
        let _ = &loud;
        x.clone()
    });
    assert_eq!(panics(|| drop(y)), "of a captured value");
    // What it held is dropped all the same, and later nodes are too.
    assert_eq!(Arc::strong_count(&dropped), 1);
    let held = dropped.clone();
    drop(checkpoint(&x, move |x| x * (Arc::strong_count(&held) as f32)));
    assert_eq!(Arc::strong_count(&dropped), 1);
}
