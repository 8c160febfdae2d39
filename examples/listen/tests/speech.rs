//! A recording as the package hears it.

use congruent::io::SafeTensors;
use congruent_models::silero::{Listening, Silero, segments};
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
    let found = probabilities(&model, &samples).unwrap();
    assert_eq!(found.len(), expected.probabilities.len());
    let differences = found.iter().zip(&expected.probabilities).map(|(x, y)| (x - y).abs());
    // In this order a NaN comes last.
    let furthest = differences.max_by(f32::total_cmp).unwrap();
    println!("{furthest:.1e}");
    assert!(furthest < TOLERANCE, "{furthest}");
    assert!(probabilities(&model, &[]).unwrap().is_empty());
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
