//! Optimizers whose state, and gradients, are divided among ranks: they do what others do, with a share of the memory.

use crate::encoder::{Embed, Encoder, Heads, Hidden, Seq, texts};
use crate::written::{assert_close, read, resumed, saved};
use congruent::backend::Autodiff;
use congruent::dim::{Dim, N};
use congruent::mesh::{Alone, Communicator, Mesh, OnMesh, in_threads};
use congruent::nn::cross_entropy;
use congruent::optim::{Adafactor, Adam, AdamW, Lion, Muon, Optimizer, Rule, Sgd};
use congruent::prelude::*;
use std::any::type_name;
use std::sync::Arc;

dims! { Batch = 12; }

type On = OnMesh<Cpu<f32>>;

/// How gradients are divided.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Neither they nor the state.
    Zero,
    /// The state.
    One,
    /// The state, and the gradients.
    Two,
}

/// Norms of gradients before they were clipped, and the file of the model and the optimizer after.
type Outcome = (Vec<f64>, Vec<u8>);

/// Two rules: vectors do not decay, or have another rate.
fn optimizer<B: Autodiff>([rule, of_vectors]: [impl Rule<B> + 'static; 2]) -> Optimizer<B> {
    Optimizer::new(rule).group(of_vectors, |x| x.sizes().len() < 2)
}

const CLIP: f64 = 0.5;

/// Three steps of one process.
fn alone(rules: [impl Rule + 'static; 2], clip: f64, from: Option<&[u8]>) -> Outcome {
    let (mut model, mut optimizer) = (Encoder::random(Heads, Hidden), optimizer(rules));
    model.track();
    if let Some(bytes) = from {
        (model, optimizer) = resumed(bytes, &model, &optimizer, &Default::default());
    }
    let [x, y] = texts(Batch, 0);
    let step = |_| {
        let hidden = model.norm.forward(&model.layer.forward(&model.embedding.forward(&x), &Causal));
        let mut gradients = cross_entropy(&model.head.forward(&hidden), &y).mean(Seq).mean(Batch).backward();
        let norm = gradients.clip_norm(&model, clip);
        optimizer.step(&mut model, &gradients, 1.0);
        norm
    };
    let norms = (0..3).map(step).collect();
    (norms, saved(&model, &optimizer))
}

/// Three steps of the ranks of a mesh.
fn on_mesh<D: Dim, M: Dim>(
    (data, parts): (D, M),
    stage: Stage,
    rules: [impl Rule<On> + Clone + 'static; 2],
    clip: f64,
    from: Option<&[u8]>,
) -> Vec<Outcome> {
    in_threads(data.size() * parts.size(), |world| by_rank(world, (data, parts), stage, rules.clone(), clip, from))
}

/// Three steps of this rank.
fn by_rank<D: Dim, M: Dim>(
    world: Arc<dyn Communicator>,
    (data, parts): (D, M),
    stage: Stage,
    rules: [impl Rule<On> + Clone + 'static; 2],
    clip: f64,
    from: Option<&[u8]>,
) -> Outcome {
    let mesh = Mesh::new(world, (data, parts)).unwrap();
    let batch = mesh.try_shard(Batch, data).unwrap();
    let (heads, hidden) = (mesh.try_shard(Heads, parts).unwrap(), mesh.try_shard(Hidden, parts).unwrap());
    let device = mesh.device();
    let mut model = Encoder::random(heads, hidden).to_engine::<On>(&device);
    let mut optimizer = optimizer(rules.clone());
    if stage != Stage::Zero {
        optimizer = optimizer.sharded(&mesh, data);
    }
    model.track();
    if let Some(bytes) = from {
        (model, optimizer) = resumed(bytes, &model, &optimizer, &device);
        assert!(saved(&model, &optimizer) == bytes, "what was loaded is saved as it was");
    }
    let [x, y] = texts(batch, batch.rank() * batch.size()).map(|ids| ids.to_engine::<On>(&device));
    let step = |_| {
        let hidden = model.norm.forward(&model.layer.forward(&model.embedding.forward(&x), &Causal));
        let losses = cross_entropy(&model.head.forward(&hidden), &y).mean(Seq);
        let loss = losses.partial_mean(batch).all_reduce();
        if stage == Stage::Two {
            let mut gradients = optimizer.backward(loss);
            let norm = gradients.clip_norm(&model, clip);
            optimizer.step(&mut model, &gradients, 1.0);
            norm
        } else {
            let mut gradients = loss.backward();
            let norm = gradients.clip_norm(&model, clip);
            optimizer.step(&mut model, &gradients, 1.0);
            norm
        }
    };
    let norms = (0..3).map(step).collect();
    // Of each array, a share that is rounded up.
    let (mut elements, ranks) = (0, if stage == Stage::Zero { 1 } else { data.size() });
    model.for_each(|x| elements += x.sizes().iter().product::<usize>().div_ceil(ranks));
    assert_eq!(optimizer.state_elements(), rules[0].state(&[1]).len() * elements);
    (norms, saved(&model, &optimizer))
}

const ADAM: Adam = Adam { learning_rate: 0.01, betas: [0.9, 0.99], epsilon: 0.01, weight_decay: 0.0 };
const ADAM_W: AdamW = AdamW { learning_rate: 0.01, betas: [0.9, 0.99], epsilon: 0.01, weight_decay: 0.1 };
const SGD: Sgd = Sgd { learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01 };
const LION: Lion = Lion { learning_rate: 0.001, betas: [0.9, 0.99], weight_decay: 0.1 };

/// What is divided is bit for bit what is not, on each rank, as long as no norm is: its squares are added up in another order. And it is
/// what one process does, but for the order of sums.
fn agrees<D: Dim, M: Dim, R: Rule + Rule<On> + Clone + 'static>(mesh: (D, M), rules: [R; 2], tolerance: Option<f32>) {
    for clip in [f64::INFINITY, CLIP] {
        let what = format!("{} on {} x {}, clipped to {clip}", type_name::<R>(), mesh.0.size(), mesh.1.size());
        let (expected_norms, expected) = alone(rules.clone(), clip, None);
        let whole = on_mesh(mesh, Stage::Zero, rules.clone(), clip, None);
        for stage in [Stage::One, Stage::Two] {
            let shares = on_mesh(mesh, stage, rules.clone(), clip, None);
            for ((norms, file), (_, other)) in shares.iter().zip(&whole) {
                let is_exact = clip == f64::INFINITY || stage == Stage::One;
                assert!(!is_exact || file == other, "{what}: {stage:?} is not bit for bit what is not divided");
                for (norm, expected) in norms.iter().zip(&expected_norms) {
                    assert!(
                        *norm > CLIP && (norm - expected).abs() < 1e-6 * norm,
                        "{what}: {norm}, expected {expected}"
                    );
                }
                if let Some(tolerance) = tolerance {
                    assert_close(&what, &read(file), &read(&expected), tolerance);
                }
            }
        }
    }
}

/// The same by the ranks of another communicator, which may add up shares in another order than wholes.
#[allow(dead_code)]
pub fn check<D: Dim, M: Dim>(world: &Arc<dyn Communicator>, mesh: (D, M)) {
    let (expected_norms, expected) = alone([ADAM_W; 2], CLIP, None);
    let whole = by_rank(world.clone(), mesh, Stage::Zero, [ADAM_W; 2], CLIP, None);
    for stage in [Stage::One, Stage::Two] {
        let (norms, file) = by_rank(world.clone(), mesh, stage, [ADAM_W; 2], CLIP, None);
        assert!(stage == Stage::Two || file == whole.1, "{stage:?} is not bit for bit what is not divided");
        assert_close("of ranks", &read(&file), &read(&expected), 1e-6);
        for (norm, expected) in norms.iter().zip(&expected_norms) {
            assert!((norm - expected).abs() < 1e-6 * norm, "{norm}, expected {expected}");
        }
    }
}

#[test]
fn shares_of_adam() {
    agrees((N::<1>, N::<1>), [ADAM; 2], Some(1e-6));
    agrees((N::<2>, N::<1>), [ADAM; 2], Some(1e-6));
    agrees((N::<3>, N::<1>), [ADAM; 2], Some(1e-6));
    agrees((N::<4>, N::<1>), [ADAM; 2], Some(1e-6));
    agrees((N::<1>, N::<2>), [ADAM; 2], Some(1e-6));
    agrees((N::<2>, N::<2>), [ADAM; 2], Some(1e-6));
}

#[test]
fn shares_of_other_rules() {
    let rules = [ADAM_W, AdamW { weight_decay: 0.0, ..ADAM_W }];
    agrees((N::<3>, N::<1>), rules, Some(1e-6));
    agrees((N::<2>, N::<2>), [SGD, Sgd { learning_rate: 0.05, ..SGD }], Some(1e-6));
    // The sign of a gradient that is zero but for rounding is any: of one process it may be another one.
    agrees((N::<4>, N::<1>), [LION, Lion { weight_decay: 0.0, ..LION }], None);
}

/// Three steps, a file, and three steps of others.
#[test]
fn training_goes_on_with_other_ranks() {
    let (_, half) = alone([ADAM_W; 2], CLIP, None);
    let (_, expected) = alone([ADAM_W; 2], CLIP, Some(&half));
    let written = [
        on_mesh((N::<3>, N::<1>), Stage::Two, [ADAM_W; 2], CLIP, None),
        on_mesh((N::<2>, N::<2>), Stage::One, [ADAM_W; 2], CLIP, None),
    ];
    for written in written.map(|all| all.into_iter().next().unwrap().1) {
        assert_close("written", &read(&written), &read(&half), 1e-6);
        assert_close("one process", &read(&alone([ADAM_W; 2], CLIP, Some(&written)).1), &read(&expected), 1e-6);
        let mut all = on_mesh((N::<1>, N::<1>), Stage::Two, [ADAM_W; 2], CLIP, Some(&written));
        all.extend(on_mesh((N::<2>, N::<1>), Stage::Zero, [ADAM_W; 2], CLIP, Some(&written)));
        all.extend(on_mesh((N::<4>, N::<1>), Stage::Two, [ADAM_W; 2], CLIP, Some(&written)));
        all.extend(on_mesh((N::<2>, N::<2>), Stage::Two, [ADAM_W; 2], CLIP, Some(&written)));
        assert_eq!(all.len(), 11);
        for (_, file) in all {
            assert_close("on a mesh", &read(&file), &read(&expected), 1e-6);
        }
    }
}

type Small = Tensor<(Embed,), On>;

/// A model of one tensor, of which each rank has a share of the state, and its loss.
fn small(mesh: &Mesh<(N<2>,)>) -> (Small, impl Fn(&Small) -> Tensor<(), On>) {
    let batch = mesh.shard(Batch, N::<2>);
    let rng = &mut Rng::with_seed(1);
    let x = Tensor::uniform((batch, Embed), -1.0..1.0, rng).to_engine::<On>(&mesh.device());
    let model = Tensor::uniform((Embed,), -1.0..1.0, rng).to_engine::<On>(&mesh.device()).tracked();
    let loss = move |model: &Small| (&x * model).tanh().mean(Embed).partial_mean(batch).all_reduce();
    (model, loss)
}

/// A gradient without a twin, beside one that is pending; and sums of two losses.
#[test]
fn gradients_are_accumulated() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let (model, loss) = small(&mesh);
        let [mut whole, mut parts] = [model.clone(), model];
        let square = |model: &Small| model.square().sum(Embed);
        let mut optimizer = Optimizer::new(SGD);
        let mut gradients = (loss(&whole) + square(&whole)).backward();
        gradients.accumulate(&whole, &square(&whole).backward());
        optimizer.step(&mut whole, &gradients, 1.0);
        let mut optimizer = Optimizer::new(SGD).sharded(&mesh, N::<2>);
        let mut gradients = optimizer.backward(loss(&parts) + square(&parts));
        gradients.accumulate(&parts, &optimizer.backward(square(&parts)));
        optimizer.step(&mut parts, &gradients, 1.0);
        assert_eq!(parts.to_vec(), whole.to_vec());
        assert!(parts.is_tracked());
    });
}

/// An optimizer that has had steps is divided, and goes on as it would have.
#[test]
fn a_state_is_divided_later() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let (mut model, loss) = small(&mesh);
        let mut whole = Optimizer::new(ADAM);
        let gradients = loss(&model).backward();
        whole.step(&mut model, &gradients, 1.0);
        let mut divided = whole.clone().sharded(&mesh, N::<2>);
        assert_eq!((whole.state_elements(), divided.state_elements()), (16, 8));
        let mut other = model.clone();
        let gradients = loss(&model).backward();
        whole.step(&mut model, &gradients, 1.0);
        divided.step(&mut other, &gradients, 1.0);
        assert_eq!(other.to_vec(), model.to_vec());
    });
}

/// What a rank says before it ends.
fn refused(program: impl Fn(&Mesh<(N<2>,)>) + Sync) -> String {
    let program = || in_threads(2, |world| program(&Mesh::new(world, (N::<2>,)).unwrap()));
    let reason = std::panic::catch_unwind(std::panic::AssertUnwindSafe(program)).expect_err("it is refused");
    reason.downcast_ref::<String>().cloned().unwrap_or_else(|| (*reason.downcast_ref::<&str>().unwrap()).to_owned())
}

#[test]
fn what_cannot_be_divided_is_refused() {
    let expected = "one of its rules reads all of a parameter";
    for message in [
        refused(|mesh| drop(Optimizer::<On>::new(Adafactor::default()).sharded(mesh, N::<2>))),
        refused(|mesh| drop(Optimizer::<On>::new(ADAM).group(Muon::default(), |_| true).sharded(mesh, N::<2>))),
        refused(|mesh| drop(Optimizer::<On>::new(ADAM).sharded(mesh, N::<2>).group(Muon::default(), |_| true))),
    ] {
        assert!(message.contains(expected), "{message}");
    }
    let twice = refused(|mesh| drop(Optimizer::<On>::new(ADAM).sharded(mesh, N::<2>).sharded(mesh, N::<2>)));
    assert!(twice.contains("divided already"), "{twice}");
    let whole = refused(|mesh| {
        let (model, loss) = small(mesh);
        drop(Optimizer::new(ADAM).backward(loss(&model)));
    });
    assert!(whole.contains("the state of the optimizer is not divided: `optimizer.sharded(&mesh, axis)`"), "{whole}");
    let elsewhere = refused(|mesh| {
        let (mut model, loss) = small(mesh);
        let other = Mesh::new(Arc::new(Alone), (N::<1>,)).unwrap();
        let gradients = loss(&model).backward();
        Optimizer::new(ADAM).sharded(&other, N::<1>).step(&mut model, &gradients, 1.0);
    });
    assert!(elsewhere.contains("lies on another mesh than that of the optimizer"), "{elsewhere}");
}
