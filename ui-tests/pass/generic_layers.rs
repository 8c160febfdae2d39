// Layers written by hand, for tensors of any rank.

use congruent::dim::Dense;
use congruent::nn::{LayerNorm, Linear};
use congruent::prelude::*;
use congruent::shape::{Axis, Last, Shape};

dims! { Batch = 2; Seq = 3; Embed = 4; Wide = 5; Rank = 1; Length; }

struct Lora<I, R, O> {
    base: Linear<I, O>,
    down: Linear<I, R>,
    up: Linear<R, O>,
}

impl<I: Dense, R: Dense, O: Dense> Lora<I, R, O> {
    fn forward<S>(&self, x: &Tensor<S>) -> Tensor<S::With<O>>
    where
        S: Last<I>,
        S::With<R>: Last<R, With<O> = S::With<O>>,
    {
        self.base.forward(x) + self.up.forward(&self.down.forward(x)) * 0.5
    }
}

struct Norm<E> {
    gain: Tensor<(E,)>,
    bias: Tensor<(E,)>,
}

impl<E: Dense> Norm<E> {
    fn forward<S, P>(&self, x: &Tensor<S>) -> Tensor<S>
    where
        S: Last<E> + Axis<E, P, Dim = E>,
    {
        let (e,) = self.gain.shape();
        let centered = x - x.mean(e).expand_as(x, e);
        let deviation = (centered.square().mean(e) + 1e-5).sqrt();
        centered / deviation.expand_as(x, e) * &self.gain + &self.bias
    }
}

fn feed_forward<S, E: Dense, F: Dense>(x: &Tensor<S>, up: &Linear<E, F>, down: &Linear<F, E>) -> Tensor<S>
where
    S: Last<E>,
    S::With<F>: Last<F, With<E> = S>,
{
    x + down.forward(&up.forward(x).relu())
}

/// Of any axis.
fn centered<S, D, P>(x: &Tensor<S>, axis: D) -> Tensor<S>
where
    S: Axis<D, P>,
    S::Dim: Dense,
    D: Copy,
{
    x - x.mean(axis).expand_as(x, axis)
}

fn close<S: Shape>(x: &Tensor<S>, y: &Tensor<S>) -> bool {
    (x - y).abs().to_vec().iter().all(|difference| *difference < 1e-5)
}

fn main() {
    let mut rng = Rng::with_seed(1);
    let x = Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, &mut rng);

    let norm = Norm { gain: Tensor::full((Embed,), 2.0), bias: Tensor::ones((Embed,)) };
    let layer = LayerNorm { weight: norm.gain.clone(), bias: Some(norm.bias.clone()), epsilon: 1e-5 };
    assert!(close(&norm.forward(&x), &layer.forward(&x)));
    assert!(close(&norm.forward(&x.sum(Seq)), &layer.forward(&x.sum(Seq))));

    for sum in [centered(&x, Batch).sum(Batch).to_vec(), centered(&x, Seq).sum(Seq).to_vec()] {
        assert!(sum.iter().all(|sum| sum.abs() < 1e-6));
    }
    bind!(seq: Length = 3);
    let named = x.relabel_by(Equal::check(Seq, seq).unwrap());
    assert_eq!(centered(&named, seq).to_vec(), centered(&x, Seq).to_vec());
    let scores = Tensor::uniform((Seq, Seq), -1.0..1.0, &mut rng);
    assert!(centered(&scores, At::<0>).sum(At::<0>).to_vec().iter().all(|sum| sum.abs() < 1e-6));

    // What leaves nothing has no gradient.
    let tracked = x.clone().tracked();
    let gradients = centered(&tracked, Seq).sum(Seq).sum(Embed).sum(Batch).backward();
    assert!(gradients.of(&tracked).to_vec().iter().all(|gradient| gradient.abs() < 1e-6));

    let [up, down] = [Linear::random(Embed, Wide, &mut rng), Linear::random(Embed, Wide, &mut rng)];
    let back = Linear::random(Wide, Embed, &mut rng);
    let _: Tensor<(Batch, Seq, Embed)> = feed_forward(&x, &up, &back);
    let lora =
        Lora { base: down, down: Linear::random(Embed, Rank, &mut rng), up: Linear::random(Rank, Wide, &mut rng) };
    let y: Tensor<(Batch, Seq, Wide)> = lora.forward(&x);
    let z: Tensor<(Batch, Wide)> = lora.forward(&x.at(Seq, 1).unwrap());
    assert!(close(&y.at(Seq, 1).unwrap(), &z));
}
