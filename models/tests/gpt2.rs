//! GPT-2 with random weights on the processor.

#[path = "agreement/gpt2.rs"]
mod agreement;

use congruent::prelude::*;

#[test]
fn logits_at_once_and_in_parts() {
    agreement::logits_agree::<Cpu<f32>>(&Default::default());
}

#[test]
fn greedy_text() {
    agreement::greedy_texts_agree::<Cpu<f32>>(&Default::default());
}

#[test]
fn another_vocabulary_is_refused_by_name() {
    agreement::another_vocabulary_is_refused_by_name::<Cpu<f32>>(&Default::default());
}
