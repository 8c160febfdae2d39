//! The ranks of MPI: what they do together, and models on meshes of them beside one process.

// What is tested with ranks that are threads, and what those tests read.
#[path = "../../../tests/common/encoder.rs"]
mod encoder;
#[allow(dead_code, unused_imports)]
#[path = "../../../tests/mesh/models.rs"]
mod mesh;
#[allow(dead_code, unused_imports)]
#[path = "../../../tests/mesh/sharded.rs"]
mod mesh_sharded;
#[allow(dead_code, unused_imports)]
#[path = "../../../tests/mesh/vocabulary.rs"]
mod mesh_vocabulary;
#[allow(dead_code)]
#[path = "../../../tests/common/written.rs"]
mod written;

use congruent::cpu::Device;
use congruent::dim::N;
use congruent::mesh::{AllToAllAttention, Combine, Communicator, Mesh, Numbers, OnMesh, RingAttention};
use congruent::nn::MultiHeadAttention;
use congruent::prelude::*;
use std::sync::Arc;

fn main() {
    congruent_mpi::run(|world| {
        collectives(&*world);
        largest(&*world);
        halves(&*world);
        models(&world);
        long_sequences(world.clone());
        if world.rank() == 0 {
            println!("{} ranks: all as expected", world.ranks());
        }
        Ok::<(), String>(())
    })
    .unwrap();
}

fn collectives(world: &dyn Communicator) {
    let (rank, ranks) = (world.rank(), world.ranks());
    let sum = |of: &dyn Fn(usize) -> f64| (0..ranks).map(of).sum::<f64>();
    // More than one message of a pipeline, and nothing.
    for count in [0, 1, 7, 100_003] {
        let number = |rank: usize, i: usize| ((rank * 31 + i * 7) % 113) as f64;
        let mut numbers: Vec<f64> = (0..count).map(|i| number(rank, i)).collect();
        world.all_reduce(Combine::Sum, Numbers::F64(&mut numbers));
        assert!((0..count).all(|i| numbers[i] == sum(&|rank| number(rank, i))));
        let mut narrow: Vec<f32> = (0..count).map(|i| number(rank, i) as f32).collect();
        world.all_reduce(Combine::Sum, Numbers::F32(&mut narrow));
        assert!((0..count).all(|i| f64::from(narrow[i]) == numbers[i]));

        let mut parts: Vec<f32> = (0..count * ranks).map(|i| number(rank, i) as f32).collect();
        world.reduce_scatter(Numbers::F32(&mut parts));
        assert!((0..count).all(|i| f64::from(parts[i]) == sum(&|other| number(other, rank * count + i))));

        let bytes: Vec<u8> = (0..count).map(|i| (i + 3 * rank) as u8).collect();
        let all = world.all_gather(&bytes);
        assert!((0..count * ranks).all(|i| all[i] == (i % count.max(1) + 3 * (i / count.max(1))) as u8));

        let found = world.shift(&bytes);
        let before = (rank + ranks - 1) % ranks;
        assert!((0..count).all(|i| found[i] == (i + 3 * before) as u8));

        let parts: Vec<u8> = (0..count * ranks).map(|i| (i + 5 * rank) as u8).collect();
        let found = world.all_to_all(&parts);
        assert!((0..count * ranks).all(|i| {
            let (other, i) = (i / count, i % count);
            found[other * count + i] == (rank * count + i + 5 * other) as u8
        }));

        let mut bytes: Vec<u8> = (0..count).map(|i| (i * (rank + 1)) as u8).collect();
        world.broadcast(ranks - 1, &mut bytes);
        assert!((0..count).all(|i| bytes[i] == (i * ranks) as u8));
    }
}

/// The largest, of numbers among which MPI has no order: NaN, zeros and infinities of both signs.
fn largest(world: &dyn Communicator) {
    let special =
        [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1.5, -1.5, f32::MIN_POSITIVE / 2.0];
    for shift in 0..special.len() {
        let of = |rank: usize| special[(shift + rank * 4) % special.len()];
        let mut found = [of(world.rank())];
        world.all_reduce(Combine::Max, Numbers::F32(&mut found));
        let mut wide = [f64::from(of(world.rank()))];
        world.all_reduce(Combine::Max, Numbers::F64(&mut wide));
        let all: Vec<f32> = (0..world.ranks()).map(of).collect();
        let expected =
            if all.iter().any(|x| x.is_nan()) { f32::NAN } else { all.into_iter().fold(f32::NEG_INFINITY, f32::max) };
        for found in [found[0], wide[0] as f32] {
            assert!(found == expected || found.is_nan() && expected.is_nan(), "{found}, expected {expected}");
        }
    }
}

fn halves(world: &dyn Communicator) {
    let (rank, ranks) = (world.rank(), world.ranks());
    let part = world.split(rank % 2);
    let expected: Vec<u8> = (0..ranks).filter(|other| other % 2 == rank % 2).map(|other| other as u8).collect();
    assert_eq!((part.ranks(), part.rank()), (expected.len(), rank / 2));
    assert_eq!(part.all_gather(&[rank as u8]), expected);
}

fn models(world: &Arc<dyn Communicator>) {
    match world.ranks() {
        1 => mesh::check::<Cpu<f32>, _, _>(world.clone(), Device, N::<1>, N::<1>),
        2 => {
            mesh_vocabulary::check(world.clone(), N::<1>, N::<2>);
            mesh::check::<Cpu<f32>, _, _>(world.clone(), Device, N::<2>, N::<1>);
            mesh::check::<Cpu<f32>, _, _>(world.clone(), Device, N::<1>, N::<2>);
            mesh_sharded::check(world, (N::<2>, N::<1>));
        }
        // The heads of a model do not divide by three.
        3 => mesh_sharded::check(world, (N::<3>, N::<1>)),
        4 => {
            mesh_vocabulary::check(world.clone(), N::<2>, N::<2>);
            mesh_vocabulary::check(world.clone(), N::<1>, N::<4>);
            mesh::check::<Cpu<f32>, _, _>(world.clone(), Device, N::<4>, N::<1>);
            mesh::check::<Cpu<f32>, _, _>(world.clone(), Device, N::<2>, N::<2>);
            mesh::check::<Cpu<f32>, _, _>(world.clone(), Device, N::<1>, N::<4>);
            mesh_sharded::check(world, (N::<4>, N::<1>));
            mesh_sharded::check(world, (N::<2>, N::<2>));
        }
        // The sizes of the models do not divide.
        _ => {}
    }
}

dims! { Batch = 2; Seq = 24; Embed = 8; Heads = 12; HeadDim = 2; Ranks; }

/// Attention of which each rank has a part of the sequence, by a ring and by an exchange of heads, beside one process: results and
/// gradients.
fn long_sequences(world: Arc<dyn Communicator>) {
    type On = OnMesh<Cpu<f32>>;
    let rng = &mut Rng::with_seed(6);
    let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, rng);
    let x = Tensor::<(Batch, Seq, Embed)>::normal((Batch, Seq, Embed), 0.0, 1.0, rng).tracked();
    let y = layer.forward(&x, &Causal);
    let gradients = y.square().mean(Embed).mean(Batch).mean(Seq).backward();
    let expected = [y.to_vec(), gradients.of(&x).to_vec()];
    bind!(ranks: Ranks = world.ranks());
    let mesh = Mesh::new(world, (ranks,)).unwrap();
    let (seq, heads) = (mesh.try_shard(Seq, ranks).unwrap(), mesh.try_shard(Heads, ranks).unwrap());
    let (layer, x) = (layer.to_engine::<On>(&mesh.device()), x.to_engine::<On>(&mesh.device()).tracked());
    let each = mesh.try_shard(ranks, ranks).unwrap();
    let rank = Tensor::full((each, Embed), mesh.rank(ranks) as f32).to_engine::<On>(&mesh.device());
    assert_eq!(rank.broadcast_at(each, ranks.size() - 1).unwrap().to_vec(), [ranks.size() as f32 - 1.0; 8]);
    let part = x.shard(seq);
    for y in [
        layer.forward(&part, &RingAttention::new(seq, Causal)),
        layer.forward(&part, &AllToAllAttention::new(seq, heads, Causal)),
    ] {
        let loss = y.square().mean(Embed).mean(Batch).partial_mean(seq).all_reduce();
        let found = [y.all_gather(seq).to_vec(), loss.backward().of(&x).to_vec()];
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-5, "{found}, expected {expected}");
        }
    }
}
