use congruent::nn::{LayerNorm, Linear};
use congruent::prelude::*;
use congruent::shape::Last;

dims! { Batch = 2; Seq = 5; Embed = 12; Hidden = 24; Narrow = 4; }

// What replaced the last dimension and put it back gives the shape that it began with, of any rank, and no bound says so.
fn gated<S: Last<E>, E: Dense, F: Dense>(
    x: &Tensor<S>,
    norm: &LayerNorm<E>,
    [gate, up]: [&Linear<E, F>; 2],
    down: &Linear<F, E>,
) -> Tensor<S> {
    let normed = norm.forward(x);
    x + down.forward(&(gate.forward(&normed).silu() * up.forward(&normed)))
}

fn through_two<S: Last<E>, E: Dense, F: Dense, G: Dense>(
    x: &Tensor<S>,
    (first, second): (&Linear<E, F>, &Linear<F, G>),
    (third, fourth): (&Linear<G, F>, &Linear<F, E>),
) -> Tensor<S> {
    fourth.forward(&third.forward(&second.forward(&first.forward(x)).relu()))
}

/// An adapter beside a layer that gives another width.
struct Lora<I, O, R> {
    base: Linear<I, O>,
    down: Linear<I, R>,
    up: Linear<R, O>,
}

impl<I: Dense, O: Dense, R: Dense> Lora<I, O, R> {
    fn forward<S>(&self, x: &Tensor<S>) -> Tensor<S::With<O>>
    where
        S: Last<I>,
        S::With<R>: Last<R, With<O> = S::With<O>>,
    {
        self.base.forward(x) + self.up.forward(&self.down.forward(x)) * 2.0
    }

    /// Of any rank, as one layer.
    fn merged(&self) -> Linear<I, O> {
        let weight = &self.base.weight + self.up.weight.matmul(&self.down.weight) * 2.0;
        Linear { weight, bias: self.base.bias.clone() }
    }
}

fn main() {
    let rng = &mut Rng::with_seed(1);
    let x = Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, rng);
    let norm = LayerNorm::new(Embed, 1e-5);
    let [gate, up] = [(); 2].map(|()| Linear::random(Embed, Hidden, rng));
    let down = Linear::random(Hidden, Embed, rng);
    let y: Tensor<(Batch, Seq, Embed)> = gated(&x, &norm, [&gate, &up], &down);
    let row: Tensor<(Embed,)> = gated(&Tensor::ones((Embed,)), &norm, [&gate, &up], &down);
    let (in_narrow, out_of_it) = (Linear::random(Hidden, Narrow, rng), Linear::random(Narrow, Hidden, rng));
    let z = through_two(&y, (&up, &in_narrow), (&out_of_it, &down));
    assert_eq!(z.sizes(), [2, 5, 12]);

    let lora = Lora {
        base: Linear::random(Embed, Hidden, rng),
        down: Linear::random(Embed, Narrow, rng).without_bias(),
        up: Linear::random(Narrow, Hidden, rng).without_bias(),
    };
    let difference = lora.forward(&x) - lora.merged().forward(&x);
    assert!(difference.abs().to_vec().iter().all(|x| *x < 1e-5));
}
