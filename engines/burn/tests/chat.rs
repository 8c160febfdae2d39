//! The models of `examples/chat` on each device: what they agree with on the processor's engine, and what goes to the device
//! and comes back. A device that is slow has the first layers of SmolLM2, beside the processor's engine.

mod common;
#[path = "../../../examples/chat/tests/agreement/gpt2.rs"]
mod gpt2;
#[path = "../../../examples/chat/tests/agreement/smollm2.rs"]
#[allow(dead_code)]
mod smollm2;

use chat::Texts;
use chat::configured::Model;
use common::{assert_near, counted, devices};
use congruent::backend::Backend;
use congruent::generate::Session;
use congruent::prelude::*;
use congruent_burn::{Burn, Device, Transfers};

#[test]
fn gpt2_agrees_with_the_reference() {
    for device in devices() {
        gpt2::logits_agree::<Burn<f32>>(&device);
        gpt2::greedy_texts_agree::<Burn<f32>>(&device);
        gpt2::another_vocabulary_is_refused_by_name::<Burn<f32>>(&device);
    }
}

fn is_fast(device: &Device) -> bool {
    device.to_string() == "flex"
}

#[test]
fn smollm2_agrees_with_the_reference() {
    let Some(file) = smollm2::file() else { return };
    for device in devices().iter().filter(|device| is_fast(device)) {
        let model = smollm2::first_layers::<Burn<f32>>(file, 30, device);
        smollm2::logits_agree(&model);
        smollm2::greedy_ids_agree(&model, 20);
    }
}

/// The logits after a prompt and after each of some tokens, and what each step transfers.
fn logits<B: Backend<Elem = f32>>(model: &Model<B>) -> Vec<(Vec<f32>, Transfers)> {
    let mut texts = Texts::new(model, smollm2::One);
    let prompt = smollm2::prompt();
    let (prompt, rest) = prompt.split_at(10);
    let parts = [prompt].into_iter().chain(rest.chunks(1));
    let step = |ids| counted(|| texts.extend(&[(0, ids)]).unwrap().remove(0));
    let steps: Vec<_> = parts.map(step).collect();
    steps.into_iter().map(|(logits, moved)| (logits.to_vec(), moved)).collect()
}

#[test]
fn first_layers_of_smollm2_agree_with_the_processor() {
    let Some(file) = smollm2::file() else { return };
    let layers = 2;
    let expected = logits(&smollm2::first_layers::<Cpu<f32>>(file, layers, &Default::default()));
    for device in devices() {
        let found = logits(&smollm2::first_layers::<Burn<f32>>(file, layers, &device));
        for (step, ((found, moved), (expected, _))) in found.iter().zip(&expected).enumerate() {
            assert_near(&format!("step {step} on {device}"), found, expected, smollm2::TOLERANCE);
            // Ids, their positions, and where each text ends; nothing comes back but the logits, when they are asked for.
            println!("step {step} on {device}: {moved:?}");
            assert!(moved.sent <= 5 && moved.fetched == 0, "step {step} on {device}: {moved:?}");
        }
    }
}
