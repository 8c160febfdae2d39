//! What an engine cannot do is told with the operation and the device, wherever elements are asked for, and takes nothing else along.

#[path = "common/other.rs"]
mod other;

use congruent::generate::{Sampler, Sampling};
use congruent::io::{LoadError, SafeTensors, Writer, load_on};
use congruent::nn::{KeyValueCache, Linear};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;
use other::{Limits, Other, limited, second, wrong};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

dims! { Batch = 2; Embed = 4; Hidden = 64; Vocab = 5; Heads = 2; HeadDim = 2; Positions = 512; Seq = 1; Keys; }

/// Room for 64 numbers.
const SMALL: Limits = Limits { bytes: 256, ..Limits::NONE };
const LOST: Limits = Limits { operations: 0, ..Limits::NONE };

/// What the program panics with.
fn message(program: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(program)).expect_err("the program panics");
    payload.downcast_ref::<String>().cloned().unwrap_or_else(|| payload.downcast_ref::<&str>().unwrap().to_string())
}

/// The file where the program panics.
fn place(program: impl FnOnce()) -> String {
    thread_local! {
        static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
    }
    let before = take_hook();
    set_hook(Box::new(move |panic| {
        PLACE.set(panic.location().unwrap().file().to_owned());
        before(panic);
    }));
    message(program);
    PLACE.take()
}

fn inputs() -> (Tensor<(Batch, Embed), Other<f32>>, Linear<Embed, Hidden, Other<f32>>) {
    let layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    (Other::<f32>::ones((Batch, Embed)).to_device(&second()), layer.to_engine::<Other<f32>>(&second()))
}

#[test]
fn an_error_names_the_operation_and_the_device() {
    let (x, layer) = inputs();
    let product = || x.matmul(&layer.weight.permute((Embed, Hidden)));
    let y = limited(SMALL, product);
    let text = "`matmul` failed on device 1: 512 bytes asked for, and 256 are free";
    let Err(Error::Engine(failure)) = y.try_to_vec() else { panic!("the product is too large") };
    assert_eq!((failure.operation.as_str(), failure.device.as_str()), ("matmul", "device 1"));
    assert_eq!(failure.to_string(), text);

    // What is calculated of it is the same failure, and its sizes are those that it should have.
    let sum = (&y * 2.0).sum(Hidden).softmax(Batch).sum(Batch);
    assert_eq!(y.sizes(), [2, 64]);
    assert_eq!(sum.try_to_vec(), Err(Error::Engine(failure)));
    assert_eq!(message(|| drop(y.to_vec())), text);
    assert_eq!(message(|| _ = sum.scalar()), text);
    assert_eq!(message(|| drop(y.to_engine::<Cpu<f32>>(&Default::default()))), text);
    assert_eq!(y.to_string(), format!("(Batch = 2, Hidden = 64)\n{text}"));

    // Of the inputs nothing is lost.
    assert_eq!(x.to_vec(), [1.0; 8]);
    assert_eq!(product().try_to_vec().unwrap().len(), 128);
}

#[test]
fn a_model_that_has_no_room_stays_where_it_is() {
    let here = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    let there = limited(SMALL, || here.to_engine::<Other<f32>>(&second()));
    assert_eq!(
        there.weight.try_to_vec().unwrap_err().to_string(),
        "`from_elements` failed on device 1: 1024 bytes asked for, and 256 are free"
    );
    // The bias has room, and the model here is whole: it goes to the device when that has room.
    assert_eq!(there.bias.unwrap().to_vec(), here.bias.as_ref().unwrap().to_vec());
    let there = here.to_engine::<Other<f32>>(&second());
    assert_eq!(there.weight.to_vec(), here.weight.to_vec());
    let lost = message(|| limited(LOST, || drop(there.to_engine::<Cpu<f32>>(&Default::default()))));
    assert_eq!(lost, "`to_vec` failed on device 1: the device is lost");
    assert_eq!(there.weight.to_vec(), here.weight.to_vec());
}

#[test]
fn loading_names_the_tensors_without_room() {
    let mut writer = Writer::default();
    writer.module("layer", &Linear::random(Embed, Hidden, &mut Rng::with_seed(1)));
    let file = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let load =
        || load_on::<Other<f32>, _>(&file, &second(), |weights| Linear::load(&weights.at("layer"), Embed, Hidden));
    let error = limited(SMALL, load).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the file does not fit the model in 1 tensors:\n  engine: `layer.weight`: `from_elements` failed on device 1: 1024 bytes \
         asked for, and 256 are free"
    );
    assert_eq!(load().unwrap().weight.sizes(), [64, 4]);
}

#[test]
fn what_could_not_be_read_is_not_saved() {
    let (_, layer) = inputs();
    let mut writer = Writer::default();
    limited(LOST, || writer.module("", &layer));
    assert!(matches!(writer.to_bytes(), Err(LoadError::Engine(_))));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, "before").unwrap();
    let error = writer.write(&path).unwrap_err();
    assert_eq!(error.to_string(), "not saved: `to_vec` failed on device 1: the device is lost");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
}

#[test]
fn a_step_of_failed_gradients_changes_nothing() {
    let (x, mut layer) = inputs();
    layer.track();
    let before = (layer.weight.to_vec(), layer.bias.as_ref().unwrap().to_vec());
    let mut optimizer = Optimizer::<Other<f32>>::new(AdamW::default());
    let loss = |layer: &Linear<Embed, Hidden, Other<f32>>| layer.forward(&x).square().mean(Hidden).mean(Batch);
    for (limits, text) in
        [(SMALL, "`matmul` failed on device 1: 512 bytes asked for, and 256 are free"), (LOST, "the device is lost")]
    {
        let failed = limited(limits, || loss(&layer));
        let text_of_loss = failed.try_to_vec().unwrap_err().to_string();
        assert!(text_of_loss.ends_with(text), "{text_of_loss}");
        let gradients = failed.backward();
        let text = message(|| optimizer.step(&mut layer, &gradients, 1.0));
        assert_eq!(text, format!("the step changes nothing: {text_of_loss}"));
    }
    assert_eq!((layer.weight.to_vec(), layer.bias.as_ref().unwrap().to_vec()), before);
    // It goes on from there as if nothing had been.
    let mut other = Optimizer::<Other<f32>>::new(AdamW::default());
    let mut same = layer.clone();
    let [gradients, of_the_same] = [&layer, &same].map(|layer| loss(layer).backward());
    optimizer.step(&mut layer, &gradients, 1.0);
    other.step(&mut same, &of_the_same, 1.0);
    assert_ne!(layer.weight.to_vec(), before.0);
    assert_eq!(layer.weight.to_vec(), same.weight.to_vec());
}

#[test]
fn no_token_is_drawn_of_failed_logits() {
    let logits = Other::<f32>::ones((Vocab,)).to_device(&second());
    let logits = limited(LOST, || logits * 2.0);
    let mut sampler = Sampler::new(Sampling { temperature: 0.0, ..Sampling::default() }, 1).unwrap();
    let error = sampler.sample(&logits, &[]).unwrap_err();
    assert!(matches!(&error, Error::Engine(failure) if failure.reason == "the device is lost"), "{error}");
}

#[test]
fn a_cache_goes_on_after_its_device_had_no_room() {
    let mut cache: KeyValueCache<_, _, _, _, Other<f32>> =
        KeyValueCache::on_backend(Batch, Heads, HeadDim, Positions, 1).to_device(&second());
    let x = Other::<f32>::ones((Batch, Heads, Seq, HeadDim)).to_device(&second());
    let step = |cache: &mut KeyValueCache<_, _, _, _, Other<f32>>| {
        cache.step(Seq, |step| {
            let (keys, values) = step.append(0, &x, &x);
            attention(&x, &keys, &values, &Causal)
        })
    };
    let error = limited(SMALL, || step(&mut cache)).unwrap_err().to_string();
    assert!(error.starts_with("`filled` failed on device 1"), "{error}");
    // Nothing is held that was not appended.
    assert_eq!(cache.lengths(), [0, 0]);
    assert_eq!(step(&mut cache).unwrap().to_vec(), [1.0; 8]);
    // A step that panics on the way loses what a layer held: it does not go on with zeros.
    let elsewhere = Other::<f32>::ones((Batch, Heads, Seq, HeadDim)).to_device(&Default::default());
    let text = message(|| _ = cache.step(Seq, |step| drop(step.append(0, &elsewhere, &elsewhere))));
    assert!(text.contains("device 1") && text.contains("device 0"), "{text}");
    assert_eq!(message(|| _ = step(&mut cache)), "layer 0 of the cache was lost in a step that panicked");
    cache.clear();
    assert_eq!(step(&mut cache).unwrap().to_vec(), [1.0; 8]);
}

#[test]
fn lengths_that_failed_to_go_to_a_device_go_again() {
    let x = Other::<f32>::ones((Batch, Heads, Seq, HeadDim)).to_device(&second());
    bind!(keys: Ragged<Keys> = 3);
    let others = Other::<f32>::ones((Batch, Heads, keys, HeadDim)).to_device(&second());
    let lengths = Lengths::new(Batch, keys, &[3, 1]).unwrap();
    let attend = || attention(&x, &others, &others, &lengths);
    assert!(limited(LOST, attend).try_to_vec().is_err());
    assert_eq!(attend().to_vec(), [1.0; 8]);
}

#[test]
fn a_step_whose_own_arrays_have_no_room_names_the_parameter() {
    let (x, mut layer) = inputs();
    layer.track();
    let gradients = layer.forward(&x).square().mean(Hidden).mean(Batch).backward();
    let mut optimizer = Optimizer::<Other<f32>>::new(AdamW::default());
    let text = message(|| limited(SMALL, || optimizer.step(&mut layer, &gradients, 1.0)));
    assert!(text.starts_with("`weight`: `filled` failed on device 1: 1024 bytes asked for"), "{text}");
}

#[test]
fn a_state_that_cannot_go_with_its_parameter_stays_where_it_is() {
    let (x, mut layer) = inputs();
    layer.track();
    let mut optimizer = Optimizer::<Other<f32>>::new(AdamW::default());
    let loss = |layer: &Linear<_, _, _>, x: &Tensor<_, _>| layer.forward(x).square().mean(Hidden).mean(Batch);
    let gradients = loss(&layer, &x).backward();
    optimizer.step(&mut layer, &gradients, 1.0);
    let device = Default::default();
    let (x, mut moved) = (x.to_device(&device), layer.to_engine::<Other<f32>>(&device));
    moved.track();
    let gradients = loss(&moved, &x).backward();
    let text = message(|| limited(SMALL, || optimizer.step(&mut moved, &gradients, 1.0)));
    assert_eq!(
        text,
        "the step changes nothing: `from_elements` failed on device 0: 1024 bytes asked for, and 256 are free"
    );
    assert_eq!(moved.weight.to_vec(), layer.weight.to_vec());
    // It goes when there is room.
    optimizer.step(&mut moved, &gradients, 1.0);
    assert_ne!(moved.weight.to_vec(), layer.weight.to_vec());
}

#[test]
fn an_engine_that_gives_another_shape_is_named_with_it() {
    let (x, layer) = inputs();
    let expected = |name: &str| format!("`failures::other::Other<f32>` gave {name}");
    let product = || drop(x.matmul(&layer.weight.permute((Embed, Hidden))));
    let text = expected("an array of sizes [1, 2, 64] for a tensor (Batch = 2, Hidden = 64)");
    assert!(message(|| wrong("matmul", product)).eq(&text));
    // Where the operation is.
    assert!(place(|| wrong("matmul", product)).ends_with("src/tensor/matmul.rs"));
    assert!(place(|| wrong("reduce", || drop(x.sum(Batch)))).ends_with("src/tensor/reduce.rs"));
    assert!(place(|| wrong("compare", || drop(x.greater_than(0.0)))).ends_with("src/tensor/compare.rs"));

    let text = |operation, found| {
        format!("`{operation}` of `failures::other::Other<f32>` gave {found} elements of an array that has 8")
    };
    assert!(message(|| wrong("to_vec", || drop(x.to_vec()))).eq(&text("to_vec", 7)));
    assert!(message(|| wrong("to_vec", || drop(x.to_engine::<Cpu<f32>>(&Default::default())))).eq(&text("to_vec", 7)));
    assert!(message(|| wrong("as_slice", || _ = x.as_slice())).eq(&text("as_slice", 99)));
}
