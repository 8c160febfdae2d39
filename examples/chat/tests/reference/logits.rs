//! Logits, hidden states and greedy texts.

use crate::{Id, folder, furthest, ids, indices, model, reference};
use chat::Texts;
use congruent::generate::{Finish, Generated, Request, Sampler, Sampling, Session, generate};
use congruent::io::{SafeTensors, Source};
use congruent::prelude::*;

dims! { One = 1; Three = 3; Seq; }

/// The logits are up to 20. Those of `float32` are up to 1e-4 from those of `float64`.
const TOLERANCE: f32 = 2e-4;

struct Expected(SafeTensors);

impl Expected {
    fn open() -> Self {
        Expected(SafeTensors::open(folder().join("smollm2.safetensors")).unwrap())
    }
    fn bytes(&self, name: &str) -> Vec<[u8; 4]> {
        let entry = self.0.get(&format!("plain.{name}")).unwrap();
        entry.bytes.as_slice().chunks_exact(4).map(|bytes| bytes.try_into().unwrap()).collect()
    }
    fn floats(&self, name: &str) -> Vec<f32> {
        self.bytes(name).into_iter().map(f32::from_le_bytes).collect()
    }
    fn ids(&self, name: &str) -> Vec<u32> {
        self.bytes(name).into_iter().map(u32::from_le_bytes).collect()
    }
}

fn prompt() -> Vec<Id> {
    indices(&ids(&reference()["prompts"]["plain"]["input_ids"]))
}

fn greedy(prompt: &[Id], maximum: usize) -> Request<chat::configured::Vocab> {
    let sampler = Sampler::new(Sampling::GREEDY, 0).unwrap();
    Request { prompt: prompt.to_vec(), sampler, end: vec![], maximum }
}

#[test]
fn logits_agree() {
    let Some((_, model)) = model() else { return };
    let (expected, prompt) = (Expected::open(), prompt());
    bind!(seq: Seq = prompt.len());
    let ids = Cpu::from_vec((One, seq), prompt).unwrap();
    let mut cache = model.cache(One);
    let logits = cache.step(seq, |step| model.output.forward(&model.hidden_states(&ids, step))).unwrap().to_vec();
    let vocab = model.output.output().size();

    let last = &logits[logits.len() - vocab..];
    for (name, precision) in [("last_logits", "float32"), ("last_logits_f64", "float64")] {
        let distance = furthest(last, &expected.floats(name));
        println!("last logits: {distance:.1e} from those of {precision}");
        assert!(distance < TOLERANCE, "{distance}");
    }
    let step = reference()["logits_column_step"].as_u64().unwrap() as usize;
    let columns: Vec<f32> = logits.chunks(vocab).flat_map(|row| row.iter().step_by(step).copied()).collect();
    let distance = furthest(&columns, &expected.floats("logits_cols"));
    println!("every {step}th logit of each position: {distance:.1e}");
    assert!(distance < TOLERANCE, "{distance}");

    let top = (expected.ids("top8_ids"), expected.floats("top8_logits"));
    for ((row, ids), values) in logits.chunks(vocab).zip(top.0.chunks(8)).zip(top.1.chunks(8)) {
        let mut order: Vec<u32> = (0..vocab as u32).collect();
        order.sort_by(|x, y| row[*y as usize].total_cmp(&row[*x as usize]));
        let found: Vec<f32> = order[..8].iter().map(|id| row[*id as usize]).collect();
        assert!(furthest(&found, values) < TOLERANCE);
        // Two that are nearer to each other than the tolerance may change places.
        for (at, (found, expected)) in order.iter().zip(ids).enumerate() {
            let tie = (row[*expected as usize] - values[at]).abs() < TOLERANCE;
            assert!(found == expected || tie, "place {at}: {found} instead of {expected}");
        }
    }
}

#[test]
fn hidden_states_agree() {
    let Some((_, model)) = model() else { return };
    let (expected, prompt) = (Expected::open(), prompt());
    bind!(seq: Seq = prompt.len());
    let ids = Cpu::from_vec((One, seq), prompt).unwrap();
    let states = model.cache(One).step(seq, |step| {
        let mut states = vec![model.tokens.forward(&ids)];
        for (i, layer) in model.decoder.layers.iter().enumerate() {
            states.push(layer.forward_cached(states.last().unwrap(), &model.decoder.rotary, i, step));
        }
        // What transformers calls the last hidden state is after the norm.
        let last = states.pop().unwrap();
        states.push(model.decoder.norm.forward(&last));
        states
    });
    let states = states.unwrap();
    assert_eq!(states.len(), 31);
    for at in [0, 1, 2, 15, 29, 30] {
        let expected = expected.floats(&format!("hidden.{at}"));
        // Elements are up to 1e4, as models of this kind have them: relative to the largest.
        let largest = expected.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
        let distance = furthest(&states[at].to_vec(), &expected) / largest;
        println!("hidden states {at}: {distance:.1e} of the largest, {largest}");
        assert!(distance < 1e-5, "{distance} in {at}");
    }
}

#[test]
fn greedy_texts_agree() {
    let Some((pretrained, model)) = model() else { return };
    let mut text = Texts::new(model, One);
    let Generated { ids: found, finish } = generate(&mut text, vec![greedy(&prompt(), 50)]).unwrap().remove(0);
    let found: Vec<u32> = found.iter().map(|id| id.get()).collect();
    assert_eq!((&found, finish), (&Expected::open().ids("greedy_ids"), Finish::Maximum));
    let expected = reference()["prompts"]["plain"]["greedy_text"].as_str().unwrap().to_owned();
    assert_eq!(pretrained.tokenizer.decode(&found), expected);
}

#[test]
fn a_prompt_in_parts_is_the_prompt() {
    let Some((_, model)) = model() else { return };
    let (prompt, expected) = (prompt(), Expected::open());
    let mut text = Texts::new(model, One);
    let mut last = Vec::new();
    for part in [0..5, 5..6, 6..15] {
        last = text.extend(&[(0, &prompt[part])]).unwrap().remove(0).to_vec();
    }
    assert!(furthest(&last, &expected.floats("last_logits")) < TOLERANCE);
    // The last token is read once more, to go on from it.
    text.truncate(14).unwrap();
    let found = generate(&mut text, vec![greedy(&prompt, 12)]).unwrap().remove(0).ids;
    assert_eq!(found.iter().map(|id| id.get()).collect::<Vec<_>>(), expected.ids("greedy_ids")[..12]);
}

#[test]
fn prompts_of_different_lengths_go_together() {
    let Some((_, model)) = model() else { return };
    let prompt = prompt();
    let requests = || [greedy(&prompt[..3], 12), greedy(&prompt, 12), greedy(&prompt[4..10], 5)];
    let together = generate(&mut Texts::new(model, Three), requests().to_vec()).unwrap();
    for (request, together) in requests().into_iter().zip(&together) {
        let alone = generate(&mut Texts::new(model, One), vec![request]).unwrap().remove(0);
        assert_eq!(&alone, together);
    }
    let found: Vec<u32> = together[1].ids.iter().map(|id| id.get()).collect();
    assert_eq!(found, Expected::open().ids("greedy_ids")[..12]);
}
