//! Models on meshes of ranks, beside the same models in one process.

use crate::encoder::{Embed, Encoder, HeadDim, Heads, Hidden, Seq, texts};
use congruent::backend::{Autodiff, DeviceOf};
use congruent::cpu::Device;
use congruent::dim::{Dim, N, Shard};
use congruent::mask::alibi;
use congruent::mesh::{Combine, Communicator, Counted, Mesh, Numbers, OnMesh, Traffic, in_threads};
use congruent::nn::{KeyValueCache, LearnedPositions, cross_entropy};
use congruent::optim::{Optimizer, Sgd};
use congruent::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

dims! { Batch = 4; Data = 2; Parts = 2; }

type On = OnMesh<Cpu<f32>>;

/// The parameters after two steps of gradient descent.
fn trained<B: Autodiff<Elem = f32>, M: Module<B>>(
    model: &mut M,
    loss: impl Fn(&M) -> Tensor<(), B>,
) -> BTreeMap<String, Vec<f32>> {
    model.track();
    let mut optimizer = Optimizer::new(Sgd { learning_rate: 0.5, ..Sgd::default() });
    for _ in 0..2 {
        let gradients = loss(model).backward();
        optimizer.step(model, &gradients, 1.0);
    }
    let mut found = BTreeMap::new();
    model.for_each(|parameter| {
        found.insert(parameter.path().to_string(), B::to_vec(parameter.array()).unwrap());
    });
    found
}

/// The mean loss of the model, and its parameters after two steps, where the batch is in one process.
fn alone() -> (f32, BTreeMap<String, Vec<f32>>) {
    let mut model = Encoder::random(Heads, Hidden);
    let [x, y] = texts(Batch, 0);
    let loss = |model: &Encoder<_, _>| {
        let hidden = model.norm.forward(&model.layer.forward(&model.embedding.forward(&x), &Causal));
        cross_entropy(&model.head.forward(&hidden), &y).mean(Seq).mean(Batch)
    };
    (loss(&model).scalar(), trained(&mut model, loss))
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{what}: {found}, expected {expected}");
    }
}

/// The same on a mesh of devices of an engine, where this rank's parts are those of the whole.
pub fn check<B: Autodiff<Elem = f32>, D: Dim, M: Dim>(
    world: Arc<dyn Communicator>,
    device: DeviceOf<B>,
    data: D,
    model_axis: M,
) {
    let (expected_loss, expected) = alone();
    let mesh = Mesh::new(world, (data, model_axis)).unwrap();
    let batch = mesh.try_shard(Batch, data).unwrap();
    let (heads, hidden) = (mesh.try_shard(Heads, model_axis).unwrap(), mesh.try_shard(Hidden, model_axis).unwrap());
    let device = mesh.device_on(device);
    let mut model = Encoder::random(heads, hidden).to_engine::<OnMesh<B>>(&device);
    let [x, y] = texts(batch, batch.rank() * batch.size()).map(|ids| ids.to_engine::<OnMesh<B>>(&device));
    let loss = |model: &Encoder<_, _, OnMesh<B>>| {
        let hidden = model.norm.forward(&model.layer.forward(&model.embedding.forward(&x), &Causal));
        cross_entropy(&model.head.forward(&hidden), &y).mean(Seq).partial_mean(batch).all_reduce()
    };
    assert_close(&[loss(&model).scalar()], &[expected_loss], "loss");
    let parameters = trained(&mut model, loss);
    assert_eq!(parameters.len(), expected.len());
    for (path, parameter) in parameters {
        let whole = &expected[&path];
        // Weights of the output layers are cut along their columns, all else that is cut along rows.
        let (rows, columns) = match path.as_str() {
            "layer.attention.output.weight" | "layer.feed_forward.down.weight" => (Embed.size(), model_axis.size()),
            _ => (1, whole.len() / parameter.len()),
        };
        let length = whole.len() / rows / columns;
        let at = if whole.len() == parameter.len() { 0 } else { mesh.rank(model_axis) };
        let part: Vec<f32> =
            (0..rows).flat_map(|row| &whole[(row * columns + at) * length..][..length]).copied().collect();
        assert_close(&parameter, &part, &path);
    }
}

#[test]
fn steps_are_those_of_one_process() {
    in_threads(1, |world| check::<Cpu<f32>, _, _>(world, Device, N::<1>, N::<1>));
    in_threads(2, |world| check::<Cpu<f32>, _, _>(world, Device, N::<2>, N::<1>));
    in_threads(2, |world| check::<Cpu<f32>, _, _>(world, Device, N::<1>, N::<2>));
    in_threads(4, |world| check::<Cpu<f32>, _, _>(world, Device, N::<1>, N::<4>));
    in_threads(4, |world| check::<Cpu<f32>, _, _>(world, Device, N::<2>, N::<2>));
}

#[test]
#[should_panic(expected = "`Seq`, of 5 positions, is not divided evenly among the 2 ranks along `N<2>`")]
fn a_size_that_is_not_divided_is_an_error() {
    in_threads(2, |world| Mesh::new(world, (N::<2>,)).unwrap().try_shard(Seq, N::<2>).map(drop)).remove(0).unwrap();
}

#[test]
#[should_panic(expected = "a mesh (N<2> = 2) has 2 ranks, and there are 3")]
fn a_mesh_of_another_number_of_ranks_is_an_error() {
    in_threads(3, |world| Mesh::new(world, (N::<2>,)).map(drop)).remove(0).unwrap();
}

#[test]
#[should_panic(
    expected = "the ranks do not do the same: rank 0: congruent 0.1.0 with a mesh (N<1> = 1, N<2> = 2); rank 1: congruent 0.1.0 with a mesh (N<2> = 2, N<1> = 1)"
)]
fn ranks_of_different_meshes_end() {
    in_threads(2, |world| {
        let is_first = world.rank() == 0;
        if is_first {
            Mesh::new(world, (N::<1>, N::<2>)).map(drop)
        } else {
            Mesh::new(world, (N::<2>, N::<1>)).map(drop)
        }
    });
}

#[test]
#[should_panic(expected = "the ranks do not do the same")]
fn ranks_that_do_different_things_end() {
    in_threads(2, |world| {
        let mut numbers = vec![1.0; 1 + world.rank()];
        world.all_reduce(Combine::Sum, Numbers::F32(&mut numbers));
    });
}

#[test]
#[should_panic(expected = "the reason")]
fn the_panic_of_one_rank_ends_those_that_wait() {
    in_threads(3, |world| {
        assert!(world.rank() != 1, "the reason");
        world.all_gather(&[0]);
    });
}

/// Heads are the outer factor, so that a part of merged heads is that of heads, each of them whole.
#[test]
fn parts_of_merged_heads_are_split() {
    let all = Tensor::arange(Times(Heads, HeadDim));
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let (merged, heads) = (mesh.shard(Times(Heads, HeadDim), N::<2>), mesh.shard(Heads, N::<2>));
        let x = all.to_engine::<On>(&mesh.device()).shard(merged);
        let split: Tensor<(Shard<Heads, N<2>>, HeadDim), On> =
            x.relabel(merged, Times(heads, HeadDim)).split(Times(heads, HeadDim));
        let gathered: Tensor<(Heads, HeadDim), On> = split.all_gather(heads);
        assert_eq!(gathered.to_vec(), all.to_vec());
        let again: Tensor<(Shard<Times<Heads, HeadDim>, N<2>>,), On> =
            split.merge(heads, HeadDim).relabel(Times(heads, HeadDim), merged);
        assert_eq!(again.to_vec(), x.to_vec());
    });
}

/// Two axes that are cut along one axis of the mesh would leave what lies off the diagonal to no rank.
#[test]
fn a_tensor_is_not_cut_twice_along_one_axis() {
    // Whoever knows both dimensions has it from the compiler.
    fn cut<H: Dim>(x: &Tensor<(Batch, H), On>, batch: Shard<Batch, N<2>>) -> Tensor<(Shard<Batch, N<2>>, H), On> {
        x.shard(batch)
    }
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let (batch, hidden) = (mesh.shard(Batch, N::<2>), mesh.shard(Hidden, N::<2>));
        let x = Tensor::ones((Batch, Hidden)).to_engine::<On>(&mesh.device()).shard(hidden);
        let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cut(&x, batch)));
        let message = *cut.err().unwrap().downcast::<String>().unwrap();
        assert!(message.contains("are shards along one axis of the mesh"), "{message}");
    });
}

/// On a mesh in which both axes are divided, the inner factor of one of them not; and of ids.
#[test]
fn a_position_of_any_rank_comes_to_all() {
    let whole = Tensor::<(Times<Heads, HeadDim>, Batch)>::uniform(
        (Times(Heads, HeadDim), Batch),
        -1.0..1.0,
        &mut Rng::with_seed(1),
    );
    in_threads(4, |world| {
        let mesh = Mesh::new(world, (Data, Parts)).unwrap();
        let (heads, batch) = (mesh.shard(Heads, Parts), mesh.shard(Batch, Data));
        let device = mesh.device();
        let x = whole.to_engine::<On>(&device).split(Times(Heads, HeadDim)).shard(heads);
        let x = x.merge(heads, HeadDim).shard(batch);
        for at in 0..Times(Heads, HeadDim).size() {
            let found: Tensor<(Shard<Batch, Data>,), On> = x.broadcast_at(Times(heads, HeadDim), at).unwrap();
            assert_eq!(found.all_gather(batch).to_vec(), whole.at(Times(Heads, HeadDim), at).unwrap().to_vec());
        }
        let error = x.broadcast_at(batch, Batch.size()).unwrap_err();
        assert_eq!(error.to_string(), "1 positions from 4 on do not lie in `Batch`, which has 4");
        let ids = Ids::new((batch,), Hidden, &[2 * mesh.rank(Data) as u32; 2]).unwrap().to_engine::<On>(&device);
        assert_eq!(ids.broadcast_at(batch, 3).unwrap().to_vec()[0].get(), 2);
    });
}

/// Each rank adds the vectors of its own positions.
#[test]
fn positions_of_a_part_are_those_of_the_whole() {
    let positions = LearnedPositions::random(Hidden, Embed, &mut Rng::with_seed(1));
    let x = Tensor::uniform((Batch, Hidden, Embed), -1.0..1.0, &mut Rng::with_seed(2));
    let expected = positions.forward(&x).unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let device = mesh.device();
        let hidden = mesh.shard(Hidden, N::<2>);
        let part = x.to_engine::<On>(&device).shard(hidden);
        let y = positions.to_engine::<On>(&device).forward(&part).unwrap().all_gather(hidden);
        assert_eq!(y.to_vec(), expected.to_vec());
        let ids = Ids::positions(hidden, Hidden).unwrap().to_engine::<On>(&device);
        let found = positions.to_engine::<On>(&device).weight.lookup(&ids).all_gather(hidden);
        assert_eq!(found.to_vec(), positions.weight.to_vec());
        assert!(Ids::positions(hidden, Batch).is_err(), "the table is shorter");
    });
}

/// A head of a part has the slope that it has among all heads.
#[test]
fn the_linear_bias_of_a_part_of_the_heads_is_that_of_the_whole() {
    let expected = alibi(Heads, Seq, Seq);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let (heads, device) = (mesh.shard(Heads, N::<2>), mesh.device());
        let found = alibi(heads, Seq, Seq).to_engine::<On>(&device).all_gather(heads);
        assert_eq!(found.to_vec(), expected.to_vec());
        let cache = KeyValueCache::<_, _, _, _, On>::on_backend(N::<1>, heads, HeadDim, Seq, 1);
        let x = Tensor::zeros((N::<1>, heads, Seq, HeadDim)).to_engine::<On>(&device);
        let found = cache.to_device(&device).step(Seq, |step| {
            step.append(0, &x, &x);
            step.alibi(heads).all_gather(heads).to_vec()
        });
        assert_eq!(found.unwrap(), expected.to_vec());
    });
}

/// What is counted goes on as it was: to the next rank alone.
#[test]
fn a_counted_shift_is_a_shift() {
    in_threads(3, |world| {
        let counted = Counted::new(world);
        let rank = counted.rank() as u8;
        assert_eq!(counted.shift(&[rank; 5]), [(rank + 2) % 3; 5]);
        assert_eq!(counted.take(), Traffic::default().and("shift", 1, 5));
    });
}
