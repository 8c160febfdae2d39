//! Files that all ranks of a mesh write and read together: whole or not at all, and all ranks learn what became of it.

use congruent::backend::Backend;
use congruent::dim::N;
use congruent::io::{LoadError, SafeTensors, Source, Weights, Writer, load, load_on};
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::{FeedForward, Linear};
use congruent::optim::{Adam, Optimizer};
use congruent::prelude::*;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

dims! { Batch = 12; Embed = 6; Hidden = 12; }

type On = OnMesh<Cpu<f32>>;

#[derive(Clone, Module)]
struct Model<H, B: Backend = Cpu<f32>> {
    layer: FeedForward<Embed, H, B>,
    out: Linear<Embed, Embed, B>,
}

impl<H: congruent::dim::Summed> Model<H> {
    fn random(hidden: H) -> Self {
        let rng = &mut Rng::with_seed(1);
        Model { layer: FeedForward::random(Embed, hidden, rng), out: Linear::random(Embed, Embed, rng) }
    }
}

/// A file of ranks whose batch, state and model are divided.
fn write<const DATA: usize, const PARTS: usize>(path: &Path) -> Vec<Result<(), String>> {
    in_threads(DATA * PARTS, |world| {
        let mesh = Mesh::new(world, (N::<DATA>, N::<PARTS>)).unwrap();
        let device = mesh.device();
        let hidden = mesh.try_shard(Hidden, N::<PARTS>).unwrap();
        let batch = mesh.try_shard(Batch, N::<DATA>).unwrap();
        let mut model = Model::random(hidden).to_engine::<On>(&device);
        model.track();
        let mut optimizer = Optimizer::new(Adam::default()).sharded(&mesh, N::<DATA>);
        let x = Tensor::uniform((batch, Embed), -1.0..1.0, &mut Rng::with_seed(2)).to_engine::<On>(&device);
        let y = model.out.forward(&model.layer.forward(&x));
        let gradients = optimizer.backward(y.square().mean(Embed).partial_mean(batch).all_reduce());
        optimizer.step(&mut model, &gradients, 1.0);
        let written = mesh.write(path, |file| {
            file.module("model", &model);
            optimizer.save("optimizer", file);
            file.metadata("step", 1);
        });
        written.map_err(|error| error.to_string())
    })
}

/// What ranks read, and write again: the same, whoever they are.
fn rewrite<const DATA: usize, const PARTS: usize>(path: &Path, again: &Path) {
    in_threads(DATA * PARTS, |world| {
        let mesh = Mesh::new(world, (N::<DATA>, N::<PARTS>)).unwrap();
        let device = mesh.device();
        let like = Model::random(mesh.try_shard(Hidden, N::<PARTS>).unwrap()).to_engine::<On>(&device);
        let file = mesh.open(path).unwrap();
        let optimizer = Optimizer::new(Adam::default()).sharded(&mesh, N::<DATA>);
        let (model, optimizer) = load_on(&file, &device, |weights: Weights<'_, f32, On>| {
            let model = weights.at("model").module(&like);
            let optimizer = optimizer.load(&weights.at("optimizer"), &model);
            (model, optimizer)
        })
        .unwrap();
        mesh.write(again, |writer| {
            writer.module("model", &model);
            optimizer.save("optimizer", writer);
            writer.metadata("step", file.metadata::<u64>("step").unwrap());
        })
        .unwrap();
    });
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("congruent-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_checkpoint_is_for_any_number_of_ranks() {
    let folder = folder("checkpoint");
    let [path, again] = ["one", "other"].map(|name| folder.join(name));
    for _ in 0..2 {
        assert_eq!(write::<3, 2>(&path), vec![Ok(()); 6]);
    }
    for rewrite in [rewrite::<1, 1>, rewrite::<2, 1>, rewrite::<1, 4>, rewrite::<2, 2>, rewrite::<5, 1>] {
        rewrite(&path, &again);
        assert!(std::fs::read(&path).unwrap() == std::fs::read(&again).unwrap());
        std::fs::remove_file(&again).unwrap();
    }
    // One process without a mesh.
    let file = SafeTensors::open(&path).unwrap();
    let like = Model::random(Hidden);
    let loaded = load(&file, |weights: Weights<f32>| {
        let model = weights.at("model").module(&like);
        let optimizer: Optimizer = Optimizer::new(Adam::default()).load(&weights.at("optimizer"), &model);
        (model, optimizer)
    });
    let (model, optimizer) = loaded.unwrap();
    let mut writer = Writer::default();
    writer.module("model", &model);
    optimizer.save("optimizer", &mut writer);
    writer.metadata("step", 1);
    assert!(std::fs::read(&path).unwrap() == writer.to_bytes().unwrap());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn all_ranks_learn_that_a_file_cannot_be_written() {
    let folder = folder("unwritable");
    // A folder has this name already.
    for error in write::<2, 1>(&folder) {
        let error = error.unwrap_err();
        assert!(error.starts_with("rank 0: ") && error.contains("unwritable"), "{error}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn all_ranks_learn_that_one_has_no_file() {
    let folder = folder("missing");
    let [there, missing] = ["there", "missing"].map(|name| folder.join(name));
    assert_eq!(write::<1, 1>(&there), [Ok(())]);
    let all = in_threads(3, |world| {
        let path = if world.rank() == 2 { &missing } else { &there };
        Mesh::new(world, (N::<3>,)).unwrap().open(path).map(drop)
    });
    for error in all {
        let error = error.unwrap_err();
        assert!(matches!(error, LoadError::Rank { rank: 2, .. }), "{error}");
        assert!(error.to_string().contains("missing"), "{error}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// What the first rank says when it ends all.
fn reason(program: impl FnOnce()) -> String {
    let reason: Box<dyn Any + Send> = catch_unwind(AssertUnwindSafe(program)).expect_err("the ranks disagree");
    *reason.downcast::<String>().unwrap()
}

#[test]
fn ranks_that_see_different_files_end() {
    let folder = folder("different");
    let [one, other] = ["one", "other"].map(|name| folder.join(name));
    assert_eq!(write::<1, 1>(&one), [Ok(())]);
    let mut bytes = std::fs::read(&one).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&other, &bytes).unwrap();
    let open = |on_rank: usize| {
        reason(|| {
            in_threads(3, |world| {
                let path = if world.rank() == on_rank { &other } else { &one };
                Mesh::new(world, (N::<3>,)).unwrap().open(path).map(drop)
            });
        })
    };
    let last = SafeTensors::open(&one).unwrap().names().pop().unwrap();
    let message = open(1);
    assert!(message.contains("is not the same on all ranks: rank 1: `"), "{message}");
    assert!(message.contains("; ranks 0 and 2: `") && message.contains(" with contents "), "{message}");
    assert!(open(0).contains("rank 0: `"));
    // A file that has one tensor more.
    let mut writer = Writer::default();
    writer.add("zeros", &Tensor::zeros((Embed,)));
    std::fs::write(&other, writer.to_bytes().unwrap()).unwrap();
    let message = open(2);
    assert!(message.contains("rank 2: `zeros`, F32 [6]"), "{message}, and not {last}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// What ranks should have alike has gone apart.
#[test]
fn ranks_that_write_different_things_end() {
    let path = std::env::temp_dir().join(format!("congruent-apart-{}", std::process::id()));
    let write = |other: f32, name: fn(usize) -> &'static str| {
        reason(|| {
            in_threads(3, |world| {
                let rank = world.rank();
                let mesh = Mesh::new(world, (N::<3>,)).unwrap();
                let bias = Tensor::full((Embed,), if rank == 1 { other } else { 1.0 });
                let bias = bias.to_engine::<On>(&mesh.device());
                mesh.write(&path, |file| file.add(name(rank), &bias))
            });
        })
    };
    let message = write(1.5, |_| "bias");
    assert!(message.contains("is not the same on all ranks: rank 1: `bias`, F32 [6] with contents "), "{message}");
    let message = write(1.0, |rank| if rank == 2 { "weight" } else { "bias" });
    assert!(message.contains("rank 2: `weight`, F32 [6]"), "{message}");
    assert!(!path.exists());
}

#[test]
fn ranks_that_differ_in_what_they_say_end() {
    let said = |different: usize| {
        reason(|| {
            in_threads(6, |world| {
                let rank = world.rank();
                let mesh = Mesh::new(world, (N::<6>,)).unwrap();
                mesh.agree("a batch of 4");
                mesh.agree(if rank == different { "a rate of 0.2" } else { "a rate of 0.1" });
            });
        })
    };
    let message = said(4);
    assert!(message.contains("rank 4: a rate of 0.2; ranks 0, 1, 2, 3, .. (5 of them): a rate of 0.1"), "{message}");
    assert!(said(0).contains("rank 0: a rate of 0.2;"));
}

/// Parts of one model are one; replicas of which one has another number are told by the parameter, and the ranks that have it.
#[test]
fn ranks_that_have_other_models_end() {
    dims! { Data = 2; Parts = 2; Wide = 4; Out = 4; }
    let with_other = |other: Option<usize>| {
        in_threads(4, |world| {
            let rank = world.rank();
            let mesh = Mesh::new(world, (Data, Parts)).unwrap();
            let model = Linear::random(Wide, Out, &mut Rng::with_seed(u64::from(other == Some(rank))));
            let whole = model.to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
            mesh.agree_on(&Linear { weight: whole.weight.shard(mesh.shard(Out, Parts)), bias: None });
            mesh.agree_on(&whole);
        });
    };
    with_other(None);
    let ended = std::panic::catch_unwind(|| with_other(Some(2))).unwrap_err();
    let message = ended.downcast::<String>().unwrap();
    assert!(
        message.contains("the model is not the same on all ranks: ") && message.contains("`weight`, F32 [4, 4]"),
        "{message}"
    );
}
