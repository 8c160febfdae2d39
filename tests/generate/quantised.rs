//! Tensors that a file holds quantised, or in half precision: how they are taken, and what is reported.

use congruent::half::{bf16, f16};
use congruent::io::{Bytes, Dtype, Entry, LoadError, Source, Weights, load};
use congruent::nn::{Embedding, Linear};
use congruent::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

dims! { Vocab = 3; Embed = 32; Short = 20; Batch = 2; }

#[derive(Default)]
struct Tensors(BTreeMap<String, Entry>);

impl Source for Tensors {
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
    fn get(&self, name: &str) -> Option<Entry> {
        self.0.get(name).cloned()
    }
}

fn only(dtype: Dtype, sizes: &[usize], bytes: Vec<u8>) -> Tensors {
    let range = 0..bytes.len();
    let entry = Entry { dtype, sizes: sizes.to_vec(), bytes: Bytes::new(Arc::new(bytes), range) };
    Tensors([("weight".to_owned(), entry)].into())
}

/// Rows of `Q8_0` whose scale is a half: element `i` of row `r` is `(i - 16 + r) / 2`.
fn rows() -> Vec<u8> {
    (0..3i8)
        .flat_map(|r| f16::from_f32(0.5).to_le_bytes().into_iter().chain((0..32).map(move |i| (i - 16 + r) as u8)))
        .collect()
}

fn expected(row: usize) -> Vec<f32> {
    (0..32).map(|i| (i as f32 - 16.0 + row as f32) / 2.0).collect()
}

#[test]
fn a_quantised_tensor_is_one_of_f32() {
    let file = only(Dtype::Q8_0, &[3, 32], rows());
    let embedding = load(&file, |weights: Weights<'_, f32>| Embedding::load(&weights, Vocab, Embed)).unwrap();
    let ids = Ids::new((Batch,), Vocab, &[2, 0]).unwrap();
    let vectors = embedding.forward(&ids);
    assert_eq!(vectors.to_vec(), [expected(2), expected(0)].concat());
    // The same table gives the scores of all ids.
    let output = Linear { weight: embedding.weight.clone(), bias: None };
    let scores: Tensor<(Batch, Vocab)> = output.forward(&vectors);
    let dot = |x: usize, y: usize| expected(x).iter().zip(expected(y)).map(|(x, y)| x * y).sum::<f32>();
    let pairs = [(2, 0), (2, 1), (2, 2), (0, 0), (0, 1), (0, 2)];
    for (score, (x, y)) in scores.to_vec().into_iter().zip(pairs) {
        assert!((score - dot(x, y)).abs() < 1e-2, "{score} for {}", dot(x, y));
    }
    // Any other operation reads the elements.
    assert_eq!(embedding.weight.to_vec(), [expected(0), expected(1), expected(2)].concat());
    assert_eq!((&embedding.weight * 2.0).to_vec()[0], -16.0);
}

#[test]
fn other_types_are_converted_where_that_is_asked_for() {
    let file = only(Dtype::Q8_0, &[3, 32], rows());
    let error = load(&file, |weights: Weights<'_, f16>| weights.tensor("weight", (Vocab, Embed))).err().unwrap();
    assert!(error.to_string().contains("element type: `weight`, expected F16, found Q8_0"), "{error}");
    let half = load(&file, |weights: Weights<'_, f16>| weights.casting().tensor("weight", (Vocab, Embed))).unwrap();
    assert_eq!(half.to_vec()[32..64], expected(1).into_iter().map(f16::from_f32).collect::<Vec<_>>());
}

#[test]
fn numbers_of_two_bytes_are_multiplied_as_they_are() {
    let halves = (0..96).flat_map(|i| f16::from_f32(i as f32 - 40.0).to_le_bytes()).collect();
    let brains = (0..96).flat_map(|i| bf16::from_f32(i as f32 - 40.0).to_le_bytes()).collect();
    for (dtype, bytes) in [(Dtype::F16, halves), (Dtype::BF16, brains)] {
        let file = only(dtype, &[3, 32], bytes);
        assert!(load(&file, |weights: Weights<'_, f32>| weights.tensor("weight", (Vocab, Embed))).is_err());
        let load = |weights: Weights<'_, f32>| Linear::load_without_bias(&weights.casting(), Embed, Vocab);
        let layer = congruent::io::load(&file, load).unwrap();
        let sums = layer.forward(&Tensor::ones((Batch, Embed)));
        let sum = |row: i32| (row * 32..row * 32 + 32).map(|i| (i - 40) as f32).sum::<f32>();
        assert_eq!(sums.to_vec(), [sum(0), sum(1), sum(2), sum(0), sum(1), sum(2)]);
        assert_eq!(layer.weight.to_vec()[..2], [-40.0, -39.0]);
    }
}

#[test]
fn a_tensor_that_is_not_its_blocks_is_an_error() {
    let message = |dtype, sizes: &[usize], bytes: usize| {
        let file = only(dtype, sizes, vec![0; bytes]);
        let loaded = load(&file, |weights: Weights<'_, f32>| {
            if sizes[1] == 20 {
                drop(weights.tensor("weight", (Vocab, Short)))
            } else {
                drop(weights.tensor("weight", (Vocab, Embed)))
            }
        });
        let Err(LoadError::Weights(problems)) = loaded else { panic!("{sizes:?} of {bytes} bytes were taken") };
        problems[0].to_string()
    };
    assert_eq!(
        message(Dtype::Q4_1, &[3, 20], 40),
        "data: `weight`: rows of 20 elements are not whole blocks of Q4_1, which have 32"
    );
    assert_eq!(
        message(Dtype::Q4_K, &[3, 32], 54),
        "data: `weight`: rows of 32 elements are not whole blocks of Q4_K, which have 256"
    );
    assert_eq!(message(Dtype::Q4_1, &[3, 32], 59), "data: `weight`: [3, 32] elements of Q4_1 are 60 bytes, found 59");
    assert_eq!(message(Dtype::F32, &[3, 32], 380), "data: `weight`: [3, 32] elements of F32 are 384 bytes, found 380");
    assert_eq!(
        message(Dtype::Other("IQ1_S".to_owned()), &[3, 32], 54),
        "element type: `weight`, expected F32, found IQ1_S"
    );
}
