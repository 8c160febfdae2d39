//! A recording as the package hears it.

use congruent::io::{SafeTensors, Source, Writer};
use congruent::prelude::*;
use congruent_models::silero::{Chunk, Listening, Silero, segments};
use listen::{find_or_fetch, probabilities, read};
use serde::Deserialize;
use std::ops::Range;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Expected {
    samples: usize,
    probabilities: Vec<f32>,
    segments: Vec<[usize; 2]>,
    strict: Vec<[usize; 2]>,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

fn expected() -> (Vec<f32>, Expected) {
    let expected = std::fs::read_to_string(file("speech.json")).unwrap();
    (read(&file("speech.wav")).unwrap(), serde_json::from_str(&expected).unwrap())
}

/// Both calculate in single precision; the sums of a spectrum are of 256 numbers.
const TOLERANCE: f32 = 1e-4;

#[test]
fn each_chunk_is_as_likely_as_in_the_package() {
    let (samples, expected) = expected();
    assert_eq!(samples.len(), expected.samples);
    let weights = SafeTensors::open(find_or_fetch(None).unwrap()).unwrap();
    let model: Silero = Silero::load(&weights, &Default::default()).unwrap();
    let found = probabilities(&model, &samples);
    assert_eq!(found.len(), expected.probabilities.len());
    let differences = found.iter().zip(&expected.probabilities).map(|(x, y)| (x - y).abs());
    // In this order a NaN comes last.
    let furthest = differences.max_by(f32::total_cmp).unwrap();
    println!("{furthest:.1e}");
    assert!(furthest < TOLERANCE, "{furthest}");
    assert!(probabilities(&model, &[]).is_empty());
}

/// The state that a part leaves is that of the recording so far, in which the sound before it is heard too; and a batch gives what its
/// recordings give alone.
#[test]
fn parts_one_after_another_are_the_whole() {
    dims! { Chunks; Pair = 2; }
    let (samples, _) = expected();
    let weights = SafeTensors::open(find_or_fetch(None).unwrap()).unwrap();
    let model: Silero = Silero::load(&weights, &Default::default()).unwrap();
    let whole = probabilities(&model, &samples);
    let (mut state, mut found) = (model.start(Pair), [vec![], vec![]]);
    for (first, last) in [(0, 50), (50, 51), (51, 120)] {
        bind!(chunks: Chunks = last - first);
        let part = &samples[first * Chunk.size()..last * Chunk.size()];
        // The second recording is silence.
        let audio = Tensor::from_vec((Pair, chunks, Chunk), [part, &vec![0.0; part.len()]].concat()).unwrap();
        let (of_part, next) = model.forward(&audio, &state);
        for (recording, found) in found.iter_mut().enumerate() {
            found.extend(of_part.at(Pair, recording).unwrap().to_vec());
        }
        state = next;
    }
    let silence = probabilities(&model, &vec![0.0; 120 * Chunk.size()]);
    for (found, alone) in found.iter().zip([&whole[..120], &silence]) {
        // Sums of other lengths may be rounded in another order.
        assert!(found.iter().zip(alone).all(|(x, y)| (x - y).abs() < 1e-5), "{found:?} for {alone:?}");
    }
}

#[test]
fn the_model_is_saved_as_it_is_published() {
    let weights = SafeTensors::open(find_or_fetch(None).unwrap()).unwrap();
    let model: Silero = Silero::load(&weights, &Default::default()).unwrap();
    let mut writer = Writer::default();
    writer.module("", &model);
    let (saved, sorted) = (SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap(), |mut names: Vec<String>| {
        names.sort();
        names
    });
    assert_eq!(sorted(saved.names()), sorted(weights.names()));
}

#[test]
fn segments_are_those_of_the_package() {
    let (samples, expected) = expected();
    let strict = Listening {
        threshold: 0.8,
        end_threshold: 0.65,
        least_speech: 6400,
        least_silence: 4800,
        ..Listening::default()
    };
    for (settings, expected_segments) in [(Listening::default(), &expected.segments), (strict, &expected.strict)] {
        let expected_segments: Vec<Range<usize>> = expected_segments.iter().map(|[start, end]| *start..*end).collect();
        assert_eq!(segments(&expected.probabilities, samples.len(), &settings), expected_segments);
    }
}
