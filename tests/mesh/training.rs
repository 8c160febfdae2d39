//! Training of a model in parts: it is saved by some ranks and goes on with others, its gradients are clipped together, and rules that
//! read all of a parameter are refused.

use crate::encoder::{Encoder, Heads, Hidden, Seq, texts};
use crate::written::{assert_close, read, resumed, saved};
use congruent::backend::Autodiff;
use congruent::dim::{Dim, N};
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::cross_entropy;
use congruent::optim::{Adafactor, Adam, LossScale, Muon, Optimizer, Rule, Sgd};
use congruent::prelude::*;

dims! { Batch = 4; }

type On = OnMesh<Cpu<f32>>;

/// Two steps, with gradients that are clipped: their norms before.
fn two_steps<M: Module<B>, B: Autodiff<Elem = f32>>(
    model: &mut M,
    optimizer: &mut Optimizer<B>,
    largest: f64,
    loss: impl Fn(&M) -> Tensor<(), B>,
) -> Vec<f64> {
    let step = |_| {
        let mut gradients = loss(model).backward();
        let norm = gradients.clip_norm(model, largest);
        optimizer.step(model, &gradients, 1.0);
        norm
    };
    (0..2).map(step).collect()
}

/// The loss in one process.
fn loss_alone(model: &Encoder<Heads, Hidden>) -> Tensor<(), Cpu<f32>> {
    let [x, y] = texts(Batch, 0);
    let hidden = model.layer.forward(&model.embedding.forward(&x), &Causal);
    cross_entropy(&model.head.forward(&model.norm.forward(&hidden)), &y).mean(Seq).mean(Batch)
}

/// Two steps by one process, from a new model or from a file: the norms of the gradients, and the file after.
fn alone(rule: impl Rule + 'static, largest: f64, from: Option<&[u8]>) -> (Vec<f64>, Vec<u8>) {
    let (mut model, mut optimizer) = (Encoder::random(Heads, Hidden), Optimizer::new(rule));
    model.track();
    if let Some(bytes) = from {
        (model, optimizer) = resumed(bytes, &model, &optimizer, &Default::default());
    }
    let norms = two_steps(&mut model, &mut optimizer, largest, loss_alone);
    (norms, saved(&model, &optimizer))
}

/// As [`alone`], by the ranks of a mesh: each rank's norms and file.
fn on_mesh<D: Dim, M: Dim>(
    (data, parts): (D, M),
    rule: impl Rule<On> + Clone + 'static,
    largest: f64,
    from: Option<&[u8]>,
) -> Vec<(Vec<f64>, Vec<u8>)> {
    in_threads(data.size() * parts.size(), |world| {
        let mesh = Mesh::new(world, (data, parts)).unwrap();
        let batch = mesh.try_shard(Batch, data).unwrap();
        let (heads, hidden) = (mesh.try_shard(Heads, parts).unwrap(), mesh.try_shard(Hidden, parts).unwrap());
        let device = mesh.device();
        let (mut model, mut optimizer) =
            (Encoder::random(heads, hidden).to_engine::<On>(&device), Optimizer::<On>::new(rule.clone()));
        model.track();
        if let Some(bytes) = from {
            (model, optimizer) = resumed(bytes, &model, &optimizer, &device);
            // What was loaded can be saved before any step.
            let file = read(&saved(&model, &optimizer));
            assert_close("loaded", &file, &read(bytes), 0.0);
        }
        let [x, y] = texts(batch, batch.rank() * batch.size()).map(|ids| ids.to_engine::<On>(&device));
        let loss = |model: &Encoder<_, _, On>| {
            let hidden = model.layer.forward(&model.embedding.forward(&x), &Causal);
            cross_entropy(&model.head.forward(&model.norm.forward(&hidden)), &y)
                .mean(Seq)
                .partial_mean(batch)
                .all_reduce()
        };
        let norms = two_steps(&mut model, &mut optimizer, largest, loss);
        (norms, saved(&model, &optimizer))
    })
}

/// A gradient of zero, which is one of rounding here, moves a parameter by its rate over this epsilon at most: parameters that are the
/// same but for rounding stay so.
const ADAM: Adam = Adam { learning_rate: 0.01, betas: [0.9, 0.99], epsilon: 0.01, weight_decay: 0.0 };

/// Two steps on two ranks, a file, and two steps on others: as four steps of one process.
#[test]
fn training_goes_on_with_other_ranks() {
    let (_, half) = alone(ADAM, f64::INFINITY, None);
    let (_, expected) = alone(ADAM, f64::INFINITY, Some(&half));
    let [half, expected] = [half, expected].map(|bytes| read(&bytes));

    let written = on_mesh((N::<1>, N::<2>), ADAM, f64::INFINITY, None).remove(0).1;
    assert_close("two ranks", &read(&written), &half, 1e-6);
    let (_, of_one) = alone(ADAM, f64::INFINITY, Some(&written));
    assert_close("one process", &read(&of_one), &expected, 1e-6);
    let mut all = on_mesh((N::<1>, N::<1>), ADAM, f64::INFINITY, Some(&written));
    all.extend(on_mesh((N::<1>, N::<4>), ADAM, f64::INFINITY, Some(&written)));
    all.extend(on_mesh((N::<2>, N::<2>), ADAM, f64::INFINITY, Some(&written)));
    assert_eq!(all.len(), 9);
    for (_, bytes) in all {
        assert_close("on a mesh", &read(&bytes), &expected, 1e-6);
    }
}

/// The norm is that of all parts; norms are up to 3, in single precision.
#[test]
fn gradients_are_clipped_together() {
    let (rule, largest) = (Sgd { learning_rate: 0.5, ..Sgd::default() }, 0.25);
    let (expected, file) = alone(rule, largest, None);
    assert!(expected.iter().all(|norm| *norm > largest), "{expected:?} are to be clipped");
    let file = read(&file);
    let mut all = on_mesh((N::<1>, N::<2>), rule, largest, None);
    all.extend(on_mesh((N::<1>, N::<4>), rule, largest, None));
    all.extend(on_mesh((N::<2>, N::<2>), rule, largest, None));
    assert_eq!(all.len(), 10);
    for (norms, bytes) in all {
        for (norm, expected) in norms.iter().zip(&expected) {
            assert!((norm - expected).abs() < 1e-6 * expected, "{norm}, expected {expected}");
        }
        assert_close("after two steps", &read(&bytes), &file, 1e-6);
    }
}

#[test]
#[should_panic(expected = "reads all of a parameter, of which this rank has a part")]
fn adafactor_of_a_part_is_refused() {
    on_mesh((N::<1>, N::<2>), Adafactor::default(), f64::INFINITY, None);
}

#[test]
#[should_panic(expected = "reads all of a parameter, of which this rank has a part")]
fn muon_of_a_part_is_refused() {
    on_mesh((N::<1>, N::<2>), Muon::default(), f64::INFINITY, None);
}

/// The gradients of one rank's part overflow: all leave the step out, and halve the factor.
#[test]
fn ranks_leave_a_step_out_together() {
    let skipped = in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let batch = mesh.shard(Batch, N::<2>);
        let mut model = Tensor::ones((batch,)).to_engine::<On>(&mesh.device());
        model.track();
        let factors =
            Tensor::from_fn((batch,), |[at]| if at == 3 { 3e38 } else { 1.0 }).to_engine::<On>(&mesh.device());
        let loss = (&model * factors).partial_sum(batch).all_reduce();
        let mut scale = LossScale { factor: 4.0, ..LossScale::default() };
        let gradients = scale.unscaled(scale.backward(loss), &model);
        (gradients.is_none(), scale.factor)
    });
    assert_eq!(skipped, [(true, 2.0); 2]);
}
