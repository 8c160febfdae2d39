//! all-MiniLM-L6-v2 on each device: beside the values that PyTorch calculates, trained beside the processor's engine, and its
//! program.

// Many texts take long in software.
#[allow(dead_code)]
#[path = "../../../examples/minilm/tests/agreement/mod.rs"]
mod agreement;
mod common;
#[path = "../examples/devices/mod.rs"]
mod programs;

use agreement::{an_unpadded_sentence_agrees, every_layer_agrees, strings, texts};
use common::{assert_near, counted, devices};
use congruent::backend::{Autodiff, DeviceOf};
use congruent::nn::Linear;
use congruent::prelude::*;
use congruent_burn::{Burn, Device, Transfers};
use minilm::passages::Forms;
use minilm::{Classifier, Example, MiniLm, PUBLISHED, Settings, find_or_fetch};
use std::ffi::OsString;

/// As on the processor's own engine: sums of another order, and other polynomials for `exp`, `erf` and `tanh`, are within it.
const TOLERANCE: f32 = 1e-5;

#[test]
fn every_layer_agrees_with_pytorch() {
    let folder = find_or_fetch(None).unwrap();
    for device in devices() {
        let (model, moved) = counted(|| MiniLm::<_, Burn<f32>>::load_on(&folder, PUBLISHED, &device).unwrap());
        // The tensors of the file but its positions, each once.
        assert_eq!(moved, Transfers { sent: 103, fetched: 0 }, "{device}");
        every_layer_agrees(&model, TOLERANCE);
        an_unpadded_sentence_agrees(&model, TOLERANCE);
        let texts = strings(&texts()["small"]);
        let (_, moved) = counted(|| model.embed(&texts[..2]).unwrap());
        // Ids and lengths go there, the vectors come back.
        assert!(moved.sent <= 4 && moved.fetched == 1, "{device}: {moved:?}");
    }
}

/// The losses of two steps on two texts.
fn tuned<B: Autodiff<Elem = f32>>(device: &DeviceOf<B>) -> Vec<f32> {
    let model = MiniLm::<_, B>::load_on(&find_or_fetch(None).unwrap(), PUBLISHED, device).unwrap();
    let ids = model.tokenize(&["Sir, I will walk here in the hall", "But soft, what light"]).unwrap();
    let examples: Vec<Example> = ids.into_iter().zip([0, 1]).map(|(ids, class)| Example { ids, class }).collect();
    let head = Linear::random(model.bert.embed(), Forms, &mut Rng::with_seed(1)).to_engine::<B>(device);
    let mut classifier = Classifier { encoder: model.bert, head };
    classifier.encoder.track_layers();
    classifier.head.track();
    let settings = Settings { epochs: 2, batch: 2, learning_rate: 1e-4, weight_decay: 0.01, clip: 1.0, dropout: 0.1 };
    let mut losses = Vec::new();
    settings.tune(&mut classifier, &examples, 1, |loss| losses.push(loss)).unwrap();
    losses
}

#[test]
fn fine_tuning_is_that_of_the_processor() {
    let expected = tuned::<Cpu<f32>>(&Default::default());
    assert!(expected[1] < expected[0] - 1e-3, "{expected:?}");
    for device in devices() {
        assert_near(&device.to_string(), &tuned::<Burn<f32>>(&device), &expected, 1e-4);
    }
}

#[test]
fn the_program_calculates_on_the_device_that_it_is_told() {
    let arguments = |device: &str| ["program", "--device", device].map(OsString::from);
    let error = [
        minilm::cli::<Burn<f32>>(arguments("abacus"), programs::devices()),
        minilm::fine_tune::<Burn<f32>>(arguments("abacus"), programs::devices()),
        train::cli::<Burn<f32>>(arguments("abacus"), programs::devices()),
        chat::cli::<Burn<f32>>(arguments("abacus"), programs::devices()),
    ];
    let expected = Device::find(Some("abacus")).unwrap_err().to_string();
    assert_eq!(error.map(|result| result.unwrap_err().to_string()), [(); 4].map(|()| expected.clone()));

    let device = Device::find(None).unwrap().to_string();
    let (_, moved) = counted(|| minilm::cli::<Burn<f32>>(arguments(&device), programs::devices()).unwrap());
    assert!(moved.sent > 103 && moved.fetched > 0, "{moved:?}");
}
