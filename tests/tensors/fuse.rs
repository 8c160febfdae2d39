//! What is fused against the same operations on the tensors themselves.

use congruent::half::f16;
use congruent::prelude::*;
use congruent::{Expr, fuse};

dims! { Batch; Seq; Embed = 5; }

/// The same function of an element and of a tensor.
macro_rules! both { ($x:expr; $($function:ident $(($($argument:expr),*))?)*) => {$(
    let fused = fuse(&$x, |x| x.$function($($($argument),*)?));
    assert_eq!(fused.to_vec(), $x.$function($($($argument),*)?).to_vec(), stringify!($function));
)*} }

#[test]
fn functions_and_operators_are_those_of_tensors() {
    bind!(batch: Batch = 3);
    let mut rng = Rng::with_seed(1);
    let [x, y] = [0.1..3.0, 0.5..2.0].map(|range| Tensor::uniform((batch, Embed), range, &mut rng));
    both!(x; abs recip square sqrt exp ln sin cos tanh sigmoid relu gelu gelu_tanh quick_gelu silu softplus clamp(0.5, 1.0));
    let [smaller, larger] = [fuse((&x, &y), |x, y| x.minimum(y)), fuse((&x, &y), |x, y| x.maximum(y))];
    assert_eq!(smaller.to_vec(), x.minimum(&y).to_vec());
    assert_eq!(larger.to_vec(), x.maximum(&y).to_vec());
    let all = fuse((&x, &y), |x, y| -(2.0 - x) / (y * 3.0) + (1.0 / x - y / 7.0) * (0.5 * y) - (x - 1.0) * (4.0 + y));
    let same = -(2.0 - &x) / (&y * 3.0) + (1.0 / &x - &y / 7.0) * (0.5 * &y) - (&x - 1.0) * (4.0 + &y);
    assert_eq!(all.to_vec(), same.to_vec());
}

#[test]
fn shapes_go_together_as_those_of_operators() {
    bind!(batch: Batch = 2, seq: Seq = 3);
    let mut rng = Rng::with_seed(2);
    let x = Tensor::uniform((batch, seq, Embed), -1.0..1.0, &mut rng);
    let (rows, bias) = (Tensor::uniform((seq, Embed), -1.0..1.0, &mut rng), Tensor::full((Embed,), 0.5));
    let scale = Tensor::full((), 3.0);
    // The largest may stand anywhere.
    let all: Tensor<(_, _, Embed)> = fuse((&bias, &rows, &x, &scale), |b, r, x, s| (b + r).gelu() * x / s);
    assert_eq!(all.to_vec(), ((&bias + &rows).gelu() * &x / &scale).to_vec());
    let turned = fuse(
        (&x.permute((batch, Embed, seq)), &bias.expand(batch).expand(seq).permute((batch, Embed, seq))),
        |x, b| x - b,
    );
    assert_eq!(turned.to_vec(), (&x - &bias).permute((batch, Embed, seq)).to_vec());
}

#[test]
fn generic_code_needs_no_more_than_shapes() {
    fn swiglu<S: Shape>(gate: &Tensor<S>, up: &Tensor<S>) -> Tensor<S> {
        fuse((gate, up), |gate, up| gate.silu() * up)
    }
    fn smooth<'p>(x: Expr<'p, f64>) -> Expr<'p, f64> {
        (1..=3).fold(x, |sum, power| sum + x.square() / f64::from(power))
    }
    let x = Tensor::full((Embed,), 2.0);
    assert_eq!(swiglu(&x, &x).to_vec(), (x.silu() * &x).to_vec());
    let y = fuse(&Cpu::<f64>::ones((Embed,)), smooth);
    assert_eq!(y.to_vec(), [1.0 + 1.0 + 1.0 / 2.0 + 1.0 / 3.0; 5]);
    let half = fuse(&Cpu::<f16>::ones((Embed,)), |x| x * f16::from_f32(0.5));
    assert_eq!(half.to_vec(), [f16::from_f32(0.5); 5]);
}

#[test]
fn gradients_of_what_is_repeated_are_summed() {
    bind!(batch: Batch = 4);
    let mut rng = Rng::with_seed(3);
    let x = Tensor::uniform((batch, Embed), -1.0..1.0, &mut rng).tracked();
    let bias = Tensor::uniform((Embed,), -1.0..1.0, &mut rng).tracked();
    let constant = Tensor::uniform((batch, Embed), -1.0..1.0, &mut rng);
    let fused = fuse((&x, &bias, &constant), |x, b, c| x + (x * c + b).gelu());
    let separate = &x + (&x * &constant + &bias).gelu();
    let [fused, separate] = [fused, separate].map(|y| y.square().sum(batch).sum(Embed).backward());
    assert_eq!(fused.of(&x).to_vec(), separate.of(&x).to_vec());
    assert_eq!(fused.of(&bias).to_vec(), separate.of(&bias).to_vec());
    // What depends on nothing that is tracked is not recorded.
    assert!(!fuse(&constant, |c| c * 2.0).is_tracked());
}
