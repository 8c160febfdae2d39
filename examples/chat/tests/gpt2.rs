//! GPT-2 with random weights on the processor.

#[path = "checks/gpt2.rs"]
mod checks;

use congruent::prelude::*;

#[test]
fn logits_at_once_and_in_parts() {
    checks::logits_agree::<Cpu<f32>>(&Default::default());
}

#[test]
fn greedy_text() {
    checks::greedy_texts_agree::<Cpu<f32>>(&Default::default());
}

#[test]
fn another_vocabulary_is_refused_by_name() {
    checks::another_vocabulary_is_refused_by_name::<Cpu<f32>>(&Default::default());
}
