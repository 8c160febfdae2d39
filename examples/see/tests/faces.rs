//! The networks, and a picture, as the package sees them.

use congruent::io::{PyTorch, SafeTensors, Source, Weights, Writer, load as load_weights};
use congruent::prelude::*;
use congruent_models::mtcnn::{Area, Classes, Colours, Face, Landmarks, Mtcnn, Picture, Proposals, Settings, Sides};
use see::{find_or_fetch, load, read, seen};
use serde::Deserialize;
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

fn model() -> Mtcnn {
    load(&find_or_fetch(None).unwrap(), &Default::default()).unwrap()
}

fn expected<S: Shape>(name: &str, shape: S) -> Tensor<S> {
    let all = SafeTensors::open(file("networks.safetensors")).unwrap();
    load_weights(&all, |weights: Weights<f32>| {
        all.names().iter().filter(|other| *other != name).for_each(|other| weights.ignore(other));
        weights.tensor(name, shape)
    })
    .unwrap()
}

/// Both calculate in single precision.
const TOLERANCE: f32 = 2e-5;

#[track_caller]
fn assert_near<S: Shape>(what: &str, found: &Tensor<S>, expected: &Tensor<S>) {
    let differences = found.to_vec().into_iter().zip(expected.to_vec()).map(|(x, y)| (x - y).abs());
    // In this order a NaN comes last.
    let furthest = differences.max_by(f32::total_cmp).unwrap();
    println!("{what}: {furthest:.1e}");
    assert!(furthest < TOLERANCE, "{what}: {furthest}");
}

/// Of a network, what the package gives for both classes: the second is a face.
macro_rules! assert_agrees {
    ($name:literal, $batch:expr, $probabilities:expr, $sides:expr $(, $place:expr)*) => {
        let classes = expected(concat!($name, ".probabilities"), ($batch, Classes $(, $place)*));
        assert_near(concat!($name, ": probabilities"), &$probabilities, &classes.at(At::<1>, 1).unwrap());
        assert_near(concat!($name, ": sides"), &$sides, &expected(concat!($name, ".boxes"), ($batch, Sides $(, $place)*)));
    };
}

#[test]
fn networks_of_squares_agree() {
    let model = model();
    let squares = expected("rnet.input", (N::<3>, Colours, N::<24>, N::<24>));
    let (probabilities, sides) = model.refinement.forward(&squares);
    assert_agrees!("rnet", N::<3>, probabilities, sides);
    let squares = expected("onet.input", (N::<2>, Colours, N::<48>, N::<48>));
    let (probabilities, sides, landmarks) = model.output.forward(&squares);
    assert_agrees!("onet", N::<2>, probabilities, sides);
    let expected = expected("onet.landmarks", (N::<2>, Times(N::<2>, Landmarks)));
    assert_near("onet: landmarks", &landmarks, &expected.split(At::<1>));
}

#[test]
fn the_sliding_network_agrees_for_even_and_odd_lengths() {
    let network = model().proposals;
    let x = expected("pnet.input", (N::<2>, Colours, N::<16>, N::<22>));
    assert_eq!([16, 22, 17, 15].map(Proposals::<Cpu<f32>>::places), [3, 6, 4, 3]);
    let (probabilities, sides) = network.try_forward(&x, (N::<3>, N::<6>)).unwrap();
    assert_agrees!("pnet", N::<2>, probabilities, sides, N::<3>, N::<6>);
    let x = expected("pnet_odd.input", (N::<1>, Colours, N::<17>, N::<15>));
    let (probabilities, sides) = network.try_forward(&x, (N::<4>, N::<3>)).unwrap();
    assert_agrees!("pnet_odd", N::<1>, probabilities, sides, N::<4>, N::<3>);
    assert!(network.try_forward(&x, (N::<4>, N::<4>)).is_err());
}

#[derive(Deserialize)]
struct Found {
    r#box: [f32; 4],
    probability: f32,
    landmarks: [[f32; 2]; 5],
}

#[derive(Deserialize)]
struct Expected {
    default: Vec<Found>,
    left: Vec<Found>,
}

/// A hundredth of a pixel: the sides of a box are moved by numbers as near as those of the networks, times its length.
#[track_caller]
fn assert_found(found: &[Face], expected: &[Found]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (face, expected) in found.iter().zip(expected) {
        let Area { left, top, right, bottom } = face.area;
        let found = [left, top, right, bottom].into_iter().chain(face.landmarks.into_iter().flatten());
        let expected_at = expected.r#box.into_iter().chain(expected.landmarks.into_iter().flatten());
        let furthest = found.zip(expected_at).map(|(x, y)| (x - y).abs()).max_by(f32::total_cmp).unwrap();
        println!("{furthest:.1e} pixels");
        assert!(furthest < 0.01, "{face:?}");
        assert!((face.probability - expected.probability).abs() < TOLERANCE, "{face:?}");
    }
}

#[test]
fn faces_are_those_of_the_package() {
    let expected: Expected = serde_json::from_str(&std::fs::read_to_string(file("faces.json")).unwrap()).unwrap();
    assert_eq!((expected.default.len(), expected.left.len()), (2, 1));
    let (model, picture) = (model(), read(&file("faces.png")).unwrap());
    assert_found(&model.detect(&seen(&picture), &Settings::default()).unwrap(), &expected.default);
    let left = seen(&image::imageops::crop_imm(&picture, 0, 0, 160, 157).to_image());
    let settings = Settings { smallest: 10.0, thresholds: [0.5, 0.3, 0.2], factor: 0.8 };
    assert_found(&model.detect(&left, &settings).unwrap(), &expected.left);
}

#[test]
fn a_picture_without_faces_has_none() {
    let model = model();
    for (width, height) in [(0, 0), (1, 1), (5, 300), (19, 20), (64, 48)] {
        let picture = Picture::new(width, height, vec![127; width * height * 3]).unwrap();
        assert_eq!(model.detect(&picture, &Settings::default()).unwrap(), [], "{width} by {height}");
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let (model, picture) = (model(), Picture::new(1, 1, vec![0; 3]).unwrap());
    for (settings, expected) in [
        (Settings { smallest: 0.0, ..Settings::default() }, "`smallest` is 0, and a face has at least 1 pixel"),
        (Settings { factor: 1.0, ..Settings::default() }, "`factor` is 1, and has to be between 0 and 1"),
        (Settings { factor: f64::NAN, ..Settings::default() }, "`factor` is NaN, and has to be between 0 and 1"),
    ] {
        assert_eq!(model.detect(&picture, &settings).unwrap_err().to_string(), expected);
    }
}

#[test]
fn the_networks_are_saved_as_they_are_published() {
    let (folder, model) = (find_or_fetch(None).unwrap(), model());
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let mut writer = Writer::default();
    writer.module("", &model);
    let saved = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let published = ["pnet", "rnet", "onet"].iter().flat_map(|network| {
        let names = PyTorch::open(folder.join(format!("{network}.pt"))).unwrap().names();
        names.into_iter().map(move |name| format!("{network}.{name}"))
    });
    assert_eq!(sorted(saved.names()), sorted(published.collect()));
}
