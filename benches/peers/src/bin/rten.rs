//! `rten-gemm`: matrix products alone, the weights of a layer packed before.

use peers::{Bench, each_case, input, weights};
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_tensor::NdTensorView;
use std::cell::RefCell;

fn main() {
    let executor = GemmExecutor::<f32, f32, f32>::new();
    let product = |[m, k, n]: [usize; 3], a: &[f32], b: &[f32], _transposed: bool, c: &mut [f32]| {
        let b = GemmInputB::Unpacked(NdTensorView::from_data([k, n], b));
        let a = GemmInputA::Unpacked(NdTensorView::from_data([m, k], a));
        executor.gemm(c, a, b, GemmOptions::default()).unwrap();
    };
    each_case(|bench| match bench.kind.as_str() {
        "linear" => linear(bench, &executor),
        _ => peers::products(bench, product),
    });
}

fn linear(bench: &Bench, executor: &GemmExecutor<f32, f32, f32>) {
    let &[m, k, n] = bench.sizes.as_slice() else { return };
    let (x, weight) = (input(1, m * k), weights(2, k, n * k));
    let packed = executor.prepack_b(NdTensorView::from_data([n, k], &weight[..]).transposed());
    let c = RefCell::new(vec![0.0; m * n]);
    let step = || {
        let a = GemmInputA::Unpacked(NdTensorView::from_data([m, k], &x[..]));
        executor.gemm(&mut c.borrow_mut(), a, GemmInputB::Packed(&packed), GemmOptions::default()).unwrap();
    };
    bench.run(step, |()| c.borrow().clone());
}
