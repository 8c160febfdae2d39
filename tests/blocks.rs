//! What a file has in blocks is read, or refused by name, by every set of features.

#[path = "common/one.rs"]
mod one;

use congruent::io::{Bytes, Dtype, Entry, LoadError, load};
use congruent::nn::Linear;
use congruent::prelude::*;
use one::One;
use std::sync::Arc;

dims! { Seq = 3; }

/// A layer of a weight of two rows of 32 elements.
fn layer(dtype: Dtype, bytes: Vec<u8>) -> Result<Linear<N<32>, N<2>>, LoadError> {
    let bytes = Bytes::new(Arc::new(bytes.clone()), 0..bytes.len());
    let source = One(Entry { dtype, sizes: vec![2, 32], bytes });
    load(&source, |weights| Linear::load_without_bias(&weights.casting(), N::<32>, N::<2>))
}

#[test]
fn numbers_of_16_bits_are_multiplied() {
    // 1, of half precision.
    let layer = layer(Dtype::F16, [0x00, 0x3c].repeat(64)).unwrap();
    let x = Tensor::ones((Seq, N::<32>));
    assert_eq!(layer.forward(&x).to_vec(), [32.0; 6]);
}

#[test]
fn quantised_numbers_are_multiplied_or_refused_by_name() {
    // A scale of 1, and then twos.
    let row: Vec<u8> = [0x00, 0x3c].into_iter().chain([2; 32]).collect();
    let found = layer(Dtype::Q8_0, row.repeat(2));
    if cfg!(feature = "gguf") {
        let x = Tensor::ones((Seq, N::<32>));
        return assert_eq!(found.unwrap().forward(&x).to_vec(), [64.0; 6]);
    }
    let message = found.expect_err("there is nothing to read it with").to_string();
    assert!(message.contains("Q8_0") && message.contains("without the feature `gguf`"), "{message}");
}
