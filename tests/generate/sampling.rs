//! Sampling against the definitions.

use congruent::generate::{Sampler, Sampling};
use congruent::prelude::*;
use fastrand::Rng as Random;

dims! { Vocab; Table = 23; }

/// What Hugging Face's processors leave, by their definitions: all in one order, sorted ascending, with minus infinity for what is
/// removed. Of equals at the edge of top-p, those with the larger ids are removed first.
fn naive(sampling: &Sampling, logits: &[f32], sequence: &[u32]) -> Vec<f64> {
    let mut scores: Vec<f64> = logits.iter().map(|x| f64::from(*x)).collect();
    for (id, score) in scores.iter_mut().enumerate() {
        if sequence.contains(&(id as u32)) {
            let penalty = f64::from(sampling.repetition_penalty);
            *score = if *score < 0.0 { *score * penalty } else { *score / penalty };
        }
    }
    scores.iter_mut().for_each(|score| *score /= f64::from(sampling.temperature));
    if let Some(k) = sampling.top_k {
        let mut sorted = scores.clone();
        sorted.sort_by(|x, y| y.partial_cmp(x).unwrap());
        let least = sorted[k.min(sorted.len()) - 1];
        scores.iter_mut().filter(|score| **score < least).for_each(|score| *score = f64::NEG_INFINITY);
    }
    if sampling.top_p < 1.0 {
        let mut order: Vec<usize> = (0..scores.len()).rev().collect();
        order.sort_by(|x, y| scores[*x].partial_cmp(&scores[*y]).unwrap());
        let probabilities = softmax(&scores);
        let mut sum = 0.0;
        for id in &order[..order.len() - 1] {
            sum += probabilities[*id];
            if sum <= 1.0 - f64::from(sampling.top_p) {
                scores[*id] = f64::NEG_INFINITY;
            }
        }
    }
    softmax(&scores)
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// The probability of every id.
fn distribution(sampling: &Sampling, logits: &[f32], sequence: &[u32]) -> Result<Vec<f64>, Error> {
    Vocab::with(logits.len(), |vocab| {
        let logits = Tensor::from_vec((vocab,), logits.to_vec())?;
        let sequence = sequence.iter().map(|id| Index::new(vocab, *id)).collect::<Result<Vec<_>, _>>()?;
        let mut probabilities = vec![0.0; vocab.size()];
        let mut last = None;
        for (id, probability) in sampling.distribution(&logits, &sequence)? {
            assert!(last < Some(id.get()), "in the order of their ids");
            last = Some(id.get());
            probabilities[id.get() as usize] = probability;
        }
        Ok(probabilities)
    })
}

#[test]
fn the_distribution_is_the_one_of_the_definitions() {
    let mut random = Random::with_seed(1);
    for _ in 0..5000 {
        let size = random.usize(1..40);
        let spread = [0.1, 2.0, 20.0][random.usize(0..3)];
        let mut logits: Vec<f32> = (0..size).map(|_| (random.f32() - 0.5) * spread).collect();
        if random.bool() {
            // Equals.
            logits.iter_mut().for_each(|logit| *logit = logit.round());
        }
        let sequence: Vec<u32> = (0..random.usize(0..2 * size)).map(|_| random.u32(0..size as u32)).collect();
        let sampling = Sampling {
            temperature: [1.0, 0.5, 1.7][random.usize(0..3)],
            top_k: [None, Some(1), Some(random.usize(1..50))][random.usize(0..3)],
            top_p: [1.0, 0.05 + 0.9 * random.f32()][random.usize(0..2)],
            repetition_penalty: [1.0, 1.3, 0.8][random.usize(0..3)],
        };
        let (found, expected) =
            (distribution(&sampling, &logits, &sequence).unwrap(), naive(&sampling, &logits, &sequence));
        // The penalty is in single precision, as there: 1e-6 of logits up to 10, which are exponents.
        for (id, (x, y)) in found.iter().zip(&expected).enumerate() {
            assert!((x - y).abs() < 1e-5, "{sampling:?} {logits:?} {sequence:?} {id}: {found:?} {expected:?}");
        }
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn known_distributions() {
    let logits: Vec<f32> = [0.5f32, 0.3, 0.15, 0.05].iter().map(|p| p.ln()).collect();
    let check = |sampling: Sampling, sequence: &[u32], expected: [f64; 4]| {
        let found = distribution(&sampling, &logits, sequence).unwrap();
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6), "{sampling:?}: {found:?}");
    };
    let all = Sampling::default();
    check(all, &[], [0.5, 0.3, 0.15, 0.05]);
    check(Sampling::GREEDY, &[], [1.0, 0.0, 0.0, 0.0]);
    check(Sampling { top_k: Some(2), ..all }, &[], [0.625, 0.375, 0.0, 0.0]);
    check(Sampling { top_k: Some(9), ..all }, &[], [0.5, 0.3, 0.15, 0.05]);
    check(Sampling { top_p: 0.4, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    check(Sampling { top_p: 0.6, ..all }, &[], [0.625, 0.375, 0.0, 0.0]);
    check(Sampling { top_p: 1e-30, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    // Top-p sees what top-k has left, at the temperature.
    check(Sampling { top_k: Some(2), top_p: 0.62, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    let squares = 0.25 + 0.09 + 0.0225 + 0.0025;
    check(Sampling { temperature: 0.5, ..all }, &[], [0.25, 0.09, 0.0225, 0.0025].map(|x| x / squares));
    check(Sampling { temperature: 0.5, top_p: 0.68, ..all }, &[], [1.0, 0.0, 0.0, 0.0]);
    // Logits below zero are multiplied, so that their probabilities are squared.
    check(Sampling { repetition_penalty: 2.0, ..all }, &[0, 0, 0], [0.25, 0.3, 0.15, 0.05].map(|x: f64| x / 0.75));
    // Even so greedy goes on to the second.
    check(Sampling { repetition_penalty: 2.0, ..Sampling::GREEDY }, &[0], [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn extreme_logits() {
    let infinite = f32::INFINITY;
    let all = Sampling::default();
    let some = Sampling { top_k: Some(2), top_p: 0.9, temperature: 0.7, repetition_penalty: 1.1 };
    let of = |sampling: &Sampling, logits: &[f32]| distribution(sampling, logits, &[0]);
    assert_eq!(of(&all, &[1.0, infinite, -infinite, infinite]).unwrap(), [0.0, 0.5, 0.0, 0.5]);
    assert_eq!(of(&some, &[1.0, infinite, -infinite, infinite]).unwrap(), [0.0, 0.5, 0.0, 0.5]);
    assert_eq!(of(&Sampling::GREEDY, &[1.0, infinite, -infinite, infinite]).unwrap(), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(of(&all, &[-infinite, 2.0]).unwrap(), [0.0, 1.0]);
    assert_eq!(of(&some, &[-infinite, 2.0]).unwrap(), [0.0, 1.0]);
    assert_eq!(of(&all, &[f32::MAX, f32::MIN]).unwrap(), [1.0, 0.0]);
    // However rounding goes, one token is left.
    for size in [1, 3, 7, 1000, 49_152] {
        let found = of(&Sampling { top_p: f32::MIN_POSITIVE, temperature: 0.3, ..all }, &vec![0.1; size]).unwrap();
        assert!(found[0] == 1.0 && found[1..].iter().all(|p| *p == 0.0));
    }
    // As small as it is, a temperature has an order.
    let cold = Sampling { temperature: f32::from_bits(1), ..all };
    assert_eq!(of(&cold, &[1.0, 1.0 + f32::EPSILON, -5.0]).unwrap(), [0.0, 1.0, 0.0]);
    let hot = of(&Sampling { temperature: f32::MAX, ..all }, &[1.0, 9.0]).unwrap();
    assert!(hot.iter().all(|p| (p - 0.5).abs() < 1e-9));
    for sampling in [all, some, Sampling::GREEDY] {
        let error = of(&sampling, &[1.0, f32::NAN, 2.0]).unwrap_err().to_string();
        assert!(error.contains("are no distribution: the one of id 1 is NaN"), "{error}");
        for none in [&[-infinite, -infinite][..], &[]] {
            let error = distribution(&sampling, none, &[]).unwrap_err().to_string();
            assert!(error.contains("are no distribution: none is above minus infinity"), "{error}");
        }
    }
    // The most likely of probabilities is that of the logits; drawn from them, all would be almost alike.
    bind!(vocab: Vocab = 3);
    let probabilities = Tensor::from_slice((vocab,), &[1.0, 9.0, 2.0]).unwrap().softmax(vocab);
    let error = all.distribution(&probabilities, &[]).unwrap_err().to_string();
    assert!(error.ends_with("are no distribution: `softmax` made probabilities of them already"), "{error}");
    assert!(Sampling::GREEDY.distribution(&probabilities, &[]).is_ok());
}

#[test]
fn settings_out_of_their_range_are_errors() {
    let all = Sampling::default();
    let cases = [
        (Sampling { temperature: -1.0, ..all }, "`temperature` is -1, expected a number from 0 on"),
        (Sampling { temperature: f32::NAN, ..all }, "`temperature` is NaN, expected a number from 0 on"),
        (Sampling { temperature: f32::INFINITY, ..all }, "`temperature` is inf, expected a number from 0 on"),
        (Sampling { top_k: Some(0), ..all }, "`top_k` is 0, expected at least 1"),
        (Sampling { top_p: 0.0, ..all }, "`top_p` is 0, expected a number above 0, up to 1"),
        (Sampling { top_p: 1.01, ..all }, "`top_p` is 1.01, expected a number above 0, up to 1"),
        (Sampling { top_p: f32::NAN, ..all }, "`top_p` is NaN, expected a number above 0, up to 1"),
        (Sampling { repetition_penalty: 0.0, ..all }, "`repetition_penalty` is 0, expected a number above 0"),
        (Sampling { repetition_penalty: f32::NAN, ..all }, "`repetition_penalty` is NaN, expected a number above 0"),
    ];
    for (sampling, expected) in cases {
        assert_eq!(Sampler::new(sampling, 0).unwrap_err().to_string(), expected);
        assert_eq!(distribution(&sampling, &[1.0], &[]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn tokens_come_as_often_as_they_are_likely() {
    let logits: Vec<f32> = (0..23).map(|i| ((i * 7 % 23) as f32) / 4.0 - 3.0).collect();
    let tensor = Tensor::from_vec((Table,), logits.clone()).unwrap();
    let all = Sampling::default();
    for sampling in [all, Sampling { top_k: Some(7), temperature: 1.5, ..all }, Sampling { top_p: 0.8, ..all }] {
        let (expected, draws) = (naive(&sampling, &logits, &[]), 100_000);
        let mut sampler = Sampler::new(sampling, 5).unwrap();
        let mut counts = vec![0u32; logits.len()];
        for _ in 0..draws {
            counts[sampler.sample(&tensor, &[]).unwrap().get() as usize] += 1;
        }
        for (id, (count, p)) in counts.iter().zip(&expected).enumerate() {
            // Five standard deviations of so many draws.
            let bound = 5.0 * (p * (1.0 - p) / f64::from(draws)).sqrt();
            let off = (f64::from(*count) / f64::from(draws) - p).abs();
            assert!(off <= bound, "{sampling:?}, id {id}: {count}, expected {p}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_tokens() {
    let logits = Tensor::zeros((Table,));
    let draw = |seed| {
        let mut sampler = Sampler::new(Sampling::default(), seed).unwrap();
        (0..50).map(|_| sampler.sample(&logits, &[]).unwrap().get()).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}
