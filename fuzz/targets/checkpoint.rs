//! A training that goes on from a checkpoint, if it is one: then what is saved is what was loaded, and a step can be made.
#![no_main]

use congruent::Module;
use congruent::io::{SafeTensors, Weights, Writer, load};
use congruent::nn::{LayerNorm, Linear};
use congruent::optim::{Adam, Optimizer};
use congruent::prelude::*;
use std::sync::LazyLock;

dims! { Embed = 2; Hidden = 3; }

#[derive(Clone, Module)]
struct Model {
    linear: Linear<Embed, Hidden>,
    norm: LayerNorm<Hidden>,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let linear = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    let mut model = Model { linear, norm: LayerNorm::new(Hidden, 1e-5) };
    model.track();
    model
});

fn saved(model: &Model, optimizer: &Optimizer) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.module("model", model);
    optimizer.save("optimizer", &mut writer);
    writer.to_bytes().expect("names that are not there twice")
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = SafeTensors::from_bytes(bytes.to_vec()) else { return };
    let fresh = Optimizer::new(Adam::default());
    let read = |file: &SafeTensors| {
        load(file, |weights: Weights<'_, f32>| {
            let model = weights.at("model").module(&*MODEL);
            let optimizer = fresh.load(&weights.at("optimizer"), &model);
            (model, optimizer)
        })
    };
    let Ok((mut model, mut optimizer)) = read(&file) else { return };
    let first = saved(&model, &optimizer);
    let again = read(&SafeTensors::from_bytes(first.clone()).expect("what was written")).expect("what was written");
    assert_eq!(first, saved(&again.0, &again.1));
    let loss = model.norm.forward(&model.linear.forward(&Tensor::ones((Embed,)))).sum(Hidden);
    optimizer.step(&mut model, &loss.backward(), 1.0);
});
