//! Logits, hidden states and greedy texts.

use crate::agreement::{self, Expected, One, greedy, prompt, tolerance};
use crate::{furthest, model, reference};
use chat::Texts;
use congruent::generate::{Session, generate};
use congruent::prelude::*;

dims! { Three = 3; Seq; }

#[test]
fn logits_agree() {
    let Some((_, model)) = model() else { return };
    agreement::logits_agree(model);
}

#[test]
fn hidden_states_agree() {
    let Some((_, model)) = model() else { return };
    let (expected, prompt) = (Expected::open(), prompt());
    bind!(seq: Seq = prompt.len());
    let ids = Cpu::from_vec((One, seq), prompt).unwrap();
    let states = model.cache(One).step(seq, |step| model.decoder.states_cached(&model.tokens.forward(&ids), step));
    let states = states.unwrap();
    assert_eq!(states.len(), 31);
    for at in [0, 1, 2, 15, 29, 30] {
        let expected = expected.floats(&format!("hidden.{at}"));
        // Elements are up to 1e4, as models of this kind have them: relative to the largest.
        let largest = expected.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
        let distance = furthest(&states[at].to_vec(), &expected) / largest;
        println!("hidden states {at}: {distance:.1e} of the largest, {largest}");
        assert!(distance < tolerance() / 20.0, "{distance} in {at}");
    }
}

#[test]
fn greedy_texts_agree() {
    let Some((pretrained, model)) = model() else { return };
    let found = agreement::greedy_ids_agree(model, 50);
    let expected = reference()["prompts"]["plain"]["greedy_text"].as_str().unwrap().to_owned();
    assert_eq!(pretrained.tokenizer.decode(&found), expected);
}

#[test]
fn a_prompt_in_parts_is_the_prompt() {
    let Some((_, model)) = model() else { return };
    let (prompt, expected) = (prompt(), Expected::open());
    let (length, third) = (prompt.len(), prompt.len() / 3);
    let mut text = Texts::new(model, One);
    let mut last = Vec::new();
    let parts = [0..third, third..third + 1, third + 1..length];
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        last = text.extend(&[(0, &prompt[part])]).unwrap().remove(0).to_vec();
    }
    assert!(furthest(&last, &expected.floats("last_logits")) < tolerance());
    // The last token is read once more, to go on from it.
    text.truncate(length - 1).unwrap();
    let found = generate(&mut text, vec![greedy(&prompt, 12)]).unwrap().remove(0).ids;
    assert_eq!(found.iter().map(|id| id.get()).collect::<Vec<_>>(), expected.ids("greedy_ids")[..12]);
}

#[test]
fn prompts_of_different_lengths_go_together() {
    let Some((_, model)) = model() else { return };
    let prompt = prompt();
    let length = prompt.len();
    let (first, middle) = (&prompt[..length.div_ceil(5)], &prompt[length / 4..(2 * length).div_ceil(3)]);
    let requests = || [greedy(first, 12), greedy(&prompt, 12), greedy(middle, 5)];
    let together = generate(&mut Texts::new(model, Three), requests().to_vec()).unwrap();
    for (request, together) in requests().into_iter().zip(&together) {
        let alone = generate(&mut Texts::new(model, One), vec![request]).unwrap().remove(0);
        assert_eq!(&alone, together);
    }
    let found: Vec<u32> = together[1].ids.iter().map(|id| id.get()).collect();
    assert_eq!(found, Expected::open().ids("greedy_ids")[..12]);
}
