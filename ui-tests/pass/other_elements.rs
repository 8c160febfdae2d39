use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; }

use congruent::backend::{Backend, Number};
fn double<S: Shape, B: Backend<Elem: Number>>(x: &Tensor<S, B>) -> Tensor<S, B> {
    x + x
}

fn main() {
    let x = Cpu::<i32>::from_fn((Batch, Seq), |[b, s]| (b * 10 + s) as i32);
    assert_eq!(double(&x).max(Seq).to_vec(), [8, 28]);
    assert_eq!((2 * &x - 1).cast::<f64>().sum(Batch).to_vec()[0], 18.0);
    let half = Cpu::<congruent::half::f16>::ones((Batch, Embed)).matmul(&Cpu::ones((Embed, Seq)));
    assert_eq!(half.cast::<f32>().to_vec(), [12.0; 10]);
}
