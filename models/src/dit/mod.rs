//! DiT ([Peebles and Xie 2023](https://arxiv.org/abs/2212.09748)): a transformer that finds the noise in an image, or in what an
//! autoencoder makes of one, and [`Schedule`], by which it is taken away step by step.

mod block;
mod config;
mod load;
mod schedule;

pub use block::{Attention, Block, Condition, Embedder};
pub use config::{Config, Settings};
pub use schedule::{Schedule, Stochastic};

use block::normal;
use congruent::Sliding;
use congruent::backend::{Backend, DeviceOf, Float, Number, Value};
use congruent::dim::Filled;
use congruent::nn::{Conv2d, Linear, Modulation, RotaryLayout, SinusoidalPositions};
use congruent::prelude::*;

/// The dimensions of a model.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug)]
pub struct Dims<T, K, C, O, P, R, W, E, H, D, F> {
    /// The steps of the noise.
    pub steps: T,
    /// The classes, and behind them that of any image.
    pub classes: K,
    pub channels: C,
    /// The channels that come out: of many models twice as many, of which the second half says how far the noise may vary.
    pub out_channels: O,
    /// The side of a patch.
    pub patch: P,
    /// How many patches stand one above the other.
    pub rows: R,
    /// How many patches stand side by side.
    pub columns: W,
    pub embed: E,
    pub heads: H,
    pub head_dim: D,
    pub ffn: F,
}

/// Images of `R` by `W` patches, each of `P` by `P`.
pub type Images<N, C, P, R, W, B> = Tensor<(N, C, Times<R, P>, Times<W, P>), B>;

/// The patches of an image.
type Patches<P, O> = Times<Times<P, P>, O>;

/// The model. As a [`Module`] its parameters have the names that diffusers publishes them under.
#[derive(Clone, Module)]
pub struct Dit<T, K, C, O, P, R, W, E, H, D, F, B: Backend = Cpu<f32>> {
    /// The map of each patch.
    #[module(name = "pos_embed.proj")]
    pub patches: Conv2d<C, E, P, P, Sliding<(P, P), N<0>, N<1>>, B>,
    /// The blocks.
    #[module(name = "transformer_blocks")]
    pub blocks: Vec<Block<K, E, H, D, F, B>>,
    /// From the condition to what the last norm does.
    #[module(name = "proj_out_1")]
    pub modulation: Linear<E, Times<N<2>, E>, B>,
    /// From what a patch has become to its pixels.
    #[module(name = "proj_out_2")]
    pub output: Linear<E, Patches<P, O>, B>,
    /// What is added to each patch.
    #[module(skip)]
    positions: Tensor<(Times<R, W>, E), B>,
    /// What each step of the noise is to the condition.
    times: SinusoidalPositions<T, Plus<N<128>, N<128>>, B>,
}

impl<T, K, C, O, P, R, W, E, H, D, F, B> Dit<T, K, C, O, P, R, W, E, H, D, F, B>
where
    T: Dense,
    K: Dense,
    C: Dense,
    O: Dense,
    P: Dense,
    R: Dense,
    W: Dense,
    E: Dense,
    H: Filled,
    D: Dense,
    F: Filled,
    B: Backend<Elem: Float>,
{
    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<B> {
        self.patches.weight.device()
    }

    /// The noise in each image, by the step that it is of and the class that the image is to be of; and behind it what else the model
    /// gives.
    pub fn forward<Batch: Dense>(
        &self,
        images: &Images<Batch, C, P, R, W, B>,
        steps: &TensorOf<(Batch,), Index<T>, B>,
        classes: &TensorOf<(Batch,), Index<K>, B>,
    ) -> Images<Batch, O, P, R, W, B> {
        let patches = images.split(At::<2>).split(At::<4>);
        let x = einsum!("n c h p w q, e c p q -> n h w e", patches, self.patches.weight).merge(At::<1>, At::<2>);
        let x = match &self.patches.bias {
            Some(bias) => x + bias,
            None => x,
        };
        let times = self.times.table().lookup(steps);
        // The cosines come first.
        let (sines, cosines) = times.unconcat(At::<1>);
        let times = cosines.concat(At::<1>, &sines);
        let x = self.blocks.iter().fold(x + &self.positions, |x, block| block.forward(&x, &times, classes));
        // The condition of the last norm is that of the first block.
        let x = match self.blocks.first() {
            Some(block) => {
                let condition = block.condition.embedder.forward(&times, classes).silu();
                let [shift, scale] = self
                    .modulation
                    .forward(&condition)
                    .split(At::<1>)
                    .unstack(N::<2>)
                    .into_generic_array()
                    .into_array();
                Modulation { shift, scale }.apply(&normal(&x, 1e-6))
            }
            None => normal(&x, 1e-6),
        };
        let pixels = self.output.forward(&x).split(At::<2>).split(At::<2>).split(At::<1>);
        let pixels = einsum!("n h w p q c -> n c h p w q", pixels);
        pixels.merge(At::<4>, At::<5>).merge(At::<2>, At::<3>)
    }
}

/// The sines and cosines of the place of each patch: those of its column, and behind them those of its row.
fn positions<R: Dim, W: Dim, E: Dim, B: Backend<Elem: Float>>(
    rows: R,
    columns: W,
    embed: E,
    device: &DeviceOf<B>,
) -> Tensor<(Times<R, W>, E), B> {
    let quarter = embed.size() / 4;
    let table = B::from_fn((Times(rows, columns), embed), |[patch, at]| {
        let (row, column) = (patch / columns.size(), patch % columns.size());
        let (place, at) = if at < 2 * quarter { (column, at) } else { (row, at - 2 * quarter) };
        let angle = place as f64 * 10000f64.powf(-((at % quarter) as f64) / quarter as f64);
        B::Elem::from_value(Value::Float(if at < quarter { angle.sin() } else { angle.cos() }))
    });
    table.to_device(device)
}

/// The table of the steps of the noise.
fn times<T: Dim, B: Backend<Elem: Float>>(
    steps: T,
    device: &DeviceOf<B>,
) -> SinusoidalPositions<T, Plus<N<128>, N<128>>, B> {
    SinusoidalPositions::on_device(steps, Plus(N, N), [10000.0, 127.0], RotaryLayout::Half, device)
}
