//! Products of other numbers than `f32`.

use super::tensor;
use congruent::half::bf16;
use congruent::nn::Linear;
use congruent::prelude::*;
use peers::{Bench, weights};

dims! { Rows; Inner; Columns; }

/// Whether it is one of these.
pub fn case(bench: &Bench) -> bool {
    let &[m, k, n] = bench.sizes.as_slice() else { return false };
    bind!(m: Rows = m, k: Inner = k, n: Columns = n);
    match bench.kind.as_str() {
        "matmul_bf16" => {
            let (a, b) = (tensor(1, (m, k)).cast::<bf16>(), tensor(2, (k, n)).cast::<bf16>());
            bench.run(|| a.matmul(&b), |y| y.cast::<f32>().to_vec());
        }
        "linear_bf16" => {
            let weight = Tensor::from_vec((n, k), weights(2, k.size(), n.size() * k.size())).unwrap();
            let (x, layer) = (tensor(1, (m, k)).cast::<bf16>(), Linear { weight: weight.cast::<bf16>(), bias: None });
            bench.run(|| layer.forward(&x), |y| y.cast::<f32>().to_vec());
        }
        "matmul_f64" => {
            let (a, b) = (tensor(1, (m, k)).cast::<f64>(), tensor(2, (k, n)).cast::<f64>());
            bench.run(|| a.matmul(&b), |y| y.cast::<f32>().to_vec());
        }
        _ => return false,
    }
    true
}
