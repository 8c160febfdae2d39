//! What depends on positions is, of a shard, the part of what one process has; and no dimension is divided twice along one axis.

use congruent::dim::Shard;
use congruent::mask::alibi;
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::{AttentionOptions, KeyValueCache, LowRank, SinusoidalPositions, Training, attention_with};
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Seq = 6; Embed = 8; Heads = 4; HeadDim = 2; Positions = 8; Rank = 2; Long = 8; }

type On = OnMesh<Cpu<f32>>;

#[test]
fn positions_are_those_of_the_whole() {
    let numbers = Tensor::from_fn((Seq, Embed), |[s, e]| (10 * s + e) as f32).to_vec();
    let pairs = Tensor::from_fn((Seq, Times(Heads, HeadDim)), |[s, e]| (10 * s + e) as f32).to_vec();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (seq, heads, on) = (mesh.shard(Seq, Model), mesh.shard(Heads, Model), mesh.device());
        let own: Tensor<(Shard<Seq, Model>, Embed)> = Tensor::from_fn((seq, Embed), |[s, e]| (10 * s + e) as f32);
        assert_eq!(own.to_engine::<On>(&on).all_gather(seq).to_vec(), numbers);
        let features = Times(heads, HeadDim);
        let own = Tensor::from_fn((Seq, features), |[s, e]| (10 * s + e) as f32).to_engine::<On>(&on);
        assert_eq!(own.all_gather(features).to_vec(), pairs);
        // The ids of a part are its own.
        assert_eq!(Ids::all(seq).to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1, 2]);
    });
}

#[test]
fn heads_have_their_slopes_among_all() {
    let whole = alibi(Heads, Seq, Seq).to_vec();
    let mut cache = KeyValueCache::new(Batch, Heads, HeadDim, Positions, 1);
    let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    let of_step = cache.step(Seq, |step| {
        step.append(0, &x, &x);
        step.alibi(Heads).to_vec()
    });
    let of_step = of_step.unwrap();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (heads, on) = (mesh.shard(Heads, Model), mesh.device());
        let own = alibi(heads, Seq, Seq).to_engine::<On>(&on);
        assert_eq!(own.all_gather(heads).to_vec(), whole);
        let mut cache = KeyValueCache::new(Batch, heads, HeadDim, Positions, 1);
        let x = Tensor::ones((Batch, heads, Seq, HeadDim));
        cache
            .step(Seq, |step| {
                step.append(0, &x, &x);
                assert_eq!(step.alibi(heads).to_engine::<On>(&on).all_gather(heads).to_vec(), of_step);
            })
            .unwrap();
    });
}

#[test]
fn features_have_their_frequencies_among_all() {
    use congruent::backend::RotaryLayout::{Half, Interleaved};
    for layout in [Half, Interleaved] {
        let whole = SinusoidalPositions::new(Positions, Embed, 10000.0, layout).table().to_vec();
        in_threads(2, |world| {
            let mesh = Mesh::new(world, (Model,)).unwrap();
            let (embed, on) = (mesh.shard(Embed, Model), mesh.device());
            let own = SinusoidalPositions::new(Positions, embed, 10000.0, layout).table().to_engine::<On>(&on);
            assert_eq!(own.all_gather(embed).to_vec(), whole);
        });
    }
}

#[test]
fn weights_become_zero_as_in_one_process() {
    let x = Tensor::<(Batch, Heads, Seq, HeadDim)>::uniform(
        (Batch, Heads, Seq, HeadDim),
        -1.0..1.0,
        &mut Rng::with_seed(1),
    );
    let rng = &mut Rng::with_seed(2);
    let training = &mut Training::new(rng);
    let options = AttentionOptions::new().dropout(0.5, training);
    let whole = attention_with(&x, &x, &x, &Full, options).to_vec();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (heads, on) = (mesh.shard(Heads, Model), mesh.device());
        let x = x.to_engine::<On>(&on).shard(heads);
        let rng = &mut Rng::with_seed(2);
        let training = &mut Training::new(rng);
        let options = AttentionOptions::new().dropout(0.5, training);
        let own = attention_with(&x, &x, &x, &Full, options).all_gather(heads).to_vec();
        assert!(own.iter().zip(&whole).all(|(own, expected)| (own - expected).abs() < 1e-5));
    });
}

#[test]
fn a_new_adapter_is_that_of_one_process() {
    let whole = LowRank::random(Embed, Embed, Rank, 4.0, &mut Rng::with_seed(1)).down.to_vec();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (embed, on) = (mesh.shard(Embed, Model), mesh.device());
        let own = LowRank::random(Embed, embed, Rank, 4.0, &mut Rng::with_seed(1)).down.to_engine::<On>(&on);
        assert_eq!(own.all_gather(embed).to_vec(), whole);
    });
}

#[test]
#[should_panic(expected = "`Shard<Long, Model>` is divided along `Model` already")]
fn a_part_is_not_divided_along_its_own_axis() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let part = mesh.shard(Long, Model);
        mesh.try_shard(part, Model).map(|part| part.size())
    });
}

#[test]
#[should_panic(
    expected = "two dimensions of Times<Shard<Batch, Model>, Shard<Heads, Model>> are shards along one axis of the mesh"
)]
fn no_product_is_of_two_parts_along_one_axis() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        Tensor::ones((Times(mesh.shard(Batch, Model), mesh.shard(Heads, Model)),)).to_vec()
    });
}

#[test]
#[should_panic(expected = "no gradient goes through the largest of all ranks")]
fn the_largest_of_all_ranks_has_no_gradient() {
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (Model,)).unwrap();
        let (seq, on) = (mesh.shard(Seq, Model), mesh.device());
        let x = Tensor::arange(Seq).to_engine::<On>(&on).tracked();
        assert_eq!(x.detach().shard(seq).max_of_ranks(seq).scalar(), 5.0);
        x.shard(seq).max_of_ranks(seq).scalar()
    });
}
