//! The models of `examples/chat` on each device, beside what they agree with on the processor's engine, and what goes to the
//! device and comes back.

mod common;
#[path = "../../../models/tests/agreement/gpt2.rs"]
mod gpt2;
#[allow(dead_code)]
#[path = "../../../examples/chat/tests/agreement/smollm2.rs"]
mod smollm2;

use chat::Texts;
use common::{counted, devices};
use congruent::generate::Session;
use congruent::io::Source;
use congruent_burn::{Burn, Transfers};

#[test]
fn gpt2_agrees_with_the_reference() {
    for device in devices() {
        gpt2::logits_agree::<Burn<f32>>(&device);
        gpt2::greedy_texts_agree::<Burn<f32>>(&device);
        gpt2::another_vocabulary_is_refused_by_name::<Burn<f32>>(&device);
    }
}

/// As many as the model has.
const LAYERS: usize = 30;

/// The weights of the file are in blocks, which become numbers. The tolerance is that of the processor's engine.
#[test]
fn smollm2_agrees_with_the_reference() {
    let Some(file) = smollm2::file() else { return };
    for device in devices() {
        let (model, moved) = counted(|| smollm2::first_layers::<Burn<f32>>(file, LAYERS, &device));
        // The tensors of the file, each once, and two tables of angles.
        assert_eq!(moved, Transfers { sent: file.names().len() + 2, fetched: 0 }, "{device}");
        smollm2::logits_agree(&model);
        // In software, Vulkan takes seconds for a token.
        smollm2::greedy_ids_agree(&model, if device.to_string() == "flex" { 20 } else { 3 });

        let mut texts = Texts::new(&model, smollm2::One);
        let prompt = smollm2::prompt();
        for new in [&prompt[..5], &prompt[5..6], &prompt[6..7]] {
            let (logits, moved) = counted(|| texts.extend(&[(0, new)]).unwrap().remove(0));
            // Ids and their positions; of more than one, where their text begins and ends. The logits come back when they are
            // asked for.
            let sent = if new.len() == 1 { 2 } else { 4 };
            assert_eq!(moved, Transfers { sent, fetched: 0 }, "{device}");
            assert_eq!(counted(|| logits.to_vec()).1, Transfers { sent: 0, fetched: 1 }, "{device}");
        }
    }
}
