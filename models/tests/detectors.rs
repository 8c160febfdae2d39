//! MTCNN's networks and Silero VAD against what their packages make of the same weights, with gradients.

mod common;

use common::{Part, assert_near, config};
use congruent::Gradients;
use congruent::backend::{Autodiff, Float};
use congruent::io::{Bytes, Dtype, Entry, SafeTensors, Source, Stored, Writer};
use congruent::optim::{Optimizer, Sgd};
use congruent::prelude::*;
use congruent_models::mtcnn::{Classes, Colours, Landmarks, Output, Proposals, Refinement, Sides};
use congruent_models::silero::{Chunk, Silero};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The weights of a network, which are calculated and not stored: see `weight` in `make_detectors.py`.
struct Made {
    network: &'static str,
    gain: f64,
    /// Of each tensor its sizes, and the norm of its gradient.
    tensors: BTreeMap<String, (Vec<usize>, f64)>,
}

impl Made {
    fn new(network: &'static str, gain: f64) -> Self {
        let tensors = serde_json::from_value(config("detectors.json", network)).unwrap();
        Made { network, gain, tensors }
    }

    fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.network)
    }
}

impl Source for Made {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        let (sizes, _) = self.tensors.get(name)?;
        let start = self.name(name).bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let inputs = if sizes.len() > 1 { sizes[1..].iter().product::<usize>() } else { 4 };
        let scale = self.gain * (-((inputs as f64).log2() / 2.0).round_ties_even()).exp2();
        let element = |i: usize| {
            let mixed = [(16, 0x85eb_ca6b), (13, 0xc2b2_ae35), (16, 1)]
                .into_iter()
                .fold(start.wrapping_add(i as u32), |x, (shift, factor)| (x ^ (x >> shift)).wrapping_mul(factor));
            (f64::from(mixed >> 8) / f64::from(1 << 23) - 1.0) * scale
        };
        let bytes: Vec<u8> = (0..sizes.iter().product()).flat_map(|i| (element(i) as f32).to_le_bytes()).collect();
        let len = bytes.len();
        Some(Entry { dtype: Dtype::F32, sizes: sizes.clone(), bytes: Bytes::new(Arc::new(bytes), 0..len) })
    }
}

/// The packages calculate MTCNN in double precision here and Silero in single; what is compared is up to 1.
const TOLERANCE: f64 = 2e-5;

/// The elements of a tensor.
fn numbers(file: &dyn Source, name: &str) -> Vec<f64> {
    let entry = file.get(name).unwrap();
    let bytes = entry.bytes.as_slice();
    match entry.dtype {
        Dtype::F32 => bytes.chunks(4).map(|x| f32::from_le_bytes(x.try_into().unwrap()).into()).collect(),
        Dtype::F64 => bytes.chunks(8).map(|x| f64::from_le_bytes(x.try_into().unwrap())).collect(),
        other => panic!("{other}"),
    }
}

/// How far gradients may be from the expected ones, in parts of their norm or largest element: what a step of plain descent takes off
/// parameters of up to 1 is rounded to 6e-8 in single precision, and the smallest gradients are of 6e-4.
const OF_GRADIENTS: f64 = 5e-4;

/// That the gradient of each parameter has the expected norm, and that those in the file have the expected elements.
fn assert_gradients<B: Autodiff<Elem: Float + Stored>, M: Module<B> + Clone>(
    made: &Made,
    model: &M,
    gradients: &Gradients<B>,
) {
    let norms = gradients.norms(model);
    assert_eq!(norms.len(), made.tensors.len());
    for (path, norm) in norms {
        let expected = made.tensors[&path].1;
        assert!((norm - expected).abs() < OF_GRADIENTS * expected, "{}: {norm}, {expected}", made.name(&path));
    }
    let mut after = model.clone();
    let descent = Sgd { learning_rate: 1.0, ..Sgd::default() };
    Optimizer::<B>::new(descent).step(&mut after, gradients, 1.0);
    let saved = [model, &after].map(|model| {
        let mut writer = Writer::default();
        writer.module::<B>("", model);
        SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap()
    });
    let (expected, mut count) = (Part::expected("detectors"), 0);
    for path in made.names() {
        let name = format!("expected.{}", made.name(&format!("gradient.{path}")));
        if expected.get(&name).is_none() {
            continue;
        }
        let ([before, after], expected) =
            (saved.each_ref().map(|file| numbers(file, &path)), numbers(&expected, &name));
        let largest = expected.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        let found = before.iter().zip(after).map(|(before, after)| before - after);
        let furthest = found.zip(&expected).map(|(x, y)| (x - y).abs()).max_by(f64::total_cmp).unwrap();
        println!("{name}: {:.1e}", furthest / largest);
        assert!(furthest < OF_GRADIENTS * largest, "{name}: {furthest}, where the largest is {largest}");
        count += 1;
    }
    assert!(count > 5, "{count} gradients");
}

dims! { Pair = 2; Three = 3; Rows = 4; Columns = 6; Chunks = 3; }

fn mtcnn_agrees<B: Autodiff<Elem: Float + Stored + Into<f64>>>() {
    let (expected, device) = (Part::expected("detectors"), Default::default());
    macro_rules! near {
        ($name:literal, $found:expr, $shape:expr) => {
            assert_near($name, &$found, &expected.tensor($name, $shape), TOLERANCE);
        };
    }

    let made = Made::new("pnet", 1.0);
    let mut network = Proposals::<B>::load(&made, &device).unwrap();
    network.track();
    let x = expected.tensor("pnet.input", (Pair, Colours, N::<17>, N::<22>));
    let (faces, sides) = network.try_forward(&x, (Rows, Columns)).unwrap();
    near!("pnet.boxes", sides, (Pair, Sides, Rows, Columns));
    let both: Tensor<_> = expected.tensor("pnet.probabilities", (Pair, Classes, Rows, Columns));
    assert_near("pnet: faces", &faces, &both.at(Classes, 1).unwrap(), TOLERANCE);
    let loss = faces.square().mean(Columns).mean(Rows) + sides.square().mean(Columns).mean(Rows).mean(Sides);
    assert_gradients(&made, &network, &loss.mean(Pair).backward());

    let made = Made::new("rnet", 1.0);
    let mut network = Refinement::<B>::load(&made, &device).unwrap();
    network.track();
    let (faces, sides) = network.forward(&expected.tensor("rnet.input", (Three, Colours, N::<24>, N::<24>)));
    near!("rnet.boxes", sides, (Three, Sides));
    let both: Tensor<_> = expected.tensor("rnet.probabilities", (Three, Classes));
    assert_near("rnet: faces", &faces, &both.at(Classes, 1).unwrap(), TOLERANCE);
    let loss = faces.square() + sides.square().mean(Sides);
    assert_gradients(&made, &network, &loss.mean(Three).backward());

    let made = Made::new("onet", 1.0);
    let mut network = Output::<B>::load(&made, &device).unwrap();
    network.track();
    let (faces, sides, landmarks) = network.forward(&expected.tensor("onet.input", (Pair, Colours, N::<48>, N::<48>)));
    near!("onet.boxes", sides, (Pair, Sides));
    near!("onet.landmarks", landmarks.merge(At::<1>, At::<2>), (Pair, Times(N::<2>, Landmarks)));
    let both: Tensor<_> = expected.tensor("onet.probabilities", (Pair, Classes));
    assert_near("onet: faces", &faces, &both.at(Classes, 1).unwrap(), TOLERANCE);
    let loss = faces.square() + sides.square().mean(Sides) + landmarks.square().mean(Landmarks).mean(At::<1>);
    assert_gradients(&made, &network, &loss.mean(Pair).backward());
}

#[test]
fn mtcnn() {
    mtcnn_agrees::<Cpu<f32>>();
    mtcnn_agrees::<Cpu<f64>>();
}

fn silero_agrees<B: Autodiff<Elem: Float + Stored + Into<f64>>>() {
    let (made, expected) = (Made::new("silero", 2.0), Part::expected("detectors"));
    let mut model = Silero::<B>::load(&made, &Default::default()).unwrap();
    model.track();
    let audio = expected.tensor("silero.audio", (Pair, Chunks, Chunk));
    let (speech, _) = model.forward(&audio, &model.start(Pair));
    assert_near("silero", &speech, &expected.tensor("silero.probabilities", (Pair, Chunks)), TOLERANCE);
    assert_gradients(&made, &model, &speech.square().mean(Chunks).mean(Pair).backward());
}

#[test]
fn silero() {
    silero_agrees::<Cpu<f32>>();
    silero_agrees::<Cpu<f64>>();
}
