//! Models of images.

use crate::plain::{close, wide};
use congruent::Sliding;
use congruent::nn::{
    BatchNorm, Conv, Conv2d, ConvTranspose, FeedForward, LayerNorm, MultiHeadAttention, PatchEmbedding, Training,
};
use congruent::prelude::*;

dims! {
    Batch = 2; Colours = 3; Height = 8; Width = 8; Hidden = 4; Side = 3; Rows = 4; Columns = 4; Patch = 2; Embed = 8;
    Heads = 2; HeadDim = 4; Window = 4; Down = 2; Across = 2; Tall; Wide;
}

/// A convolution of (batch, channels, h, w) with (out, in, 3, 3), padding 1.
fn conv3(x: &[f64], w: &[f64], b: Option<&[f64]>, [n, c, h, wd, o]: [usize; 5], groups: usize) -> Vec<f64> {
    let (per, outs) = (c / groups, o / groups);
    let mut y = Vec::new();
    for n in 0..n {
        for out in 0..o {
            for i in 0..h as isize {
                for j in 0..wd as isize {
                    let mut sum = b.map_or(0.0, |b| b[out]);
                    for ch in 0..per {
                        for (di, dj) in (0..3isize).flat_map(|a| (0..3isize).map(move |b| (a, b))) {
                            let (a, b) = (i + di - 1, j + dj - 1);
                            if a >= 0 && b >= 0 && a < h as isize && b < wd as isize {
                                let channel = out / outs * per + ch;
                                sum += x[((n * c + channel) * h + a as usize) * wd + b as usize]
                                    * w[((out * per + ch) * 3 + di as usize) * 3 + dj as usize];
                            }
                        }
                    }
                    y.push(sum);
                }
            }
        }
    }
    y
}

// ConvNet block with BatchNorm, static.
type Same = Sliding<N<1>, N<1>>;
#[derive(Module)]
struct Block {
    conv: Conv2d<Colours, Hidden, Side, Side, Same>,
    norm: BatchNorm<Hidden>,
}
impl Block {
    fn forward_training(
        &mut self,
        x: &Tensor<(Batch, Colours, Height, Width)>,
        training: &mut Training,
    ) -> Tensor<(Batch, Hidden, Rows, Columns)> {
        let y = self.norm.forward_training(&self.conv.forward(x, (Height, Width)), training).relu();
        y.max_pool(Patch, (Rows, Columns), Sliding::default().stride(Patch))
    }
}
#[test]
fn conv_block() {
    let rng = &mut Rng::with_seed(1);
    let conv = Conv2d::random((Hidden, Colours, Side, Side), Sliding::default().padding(N::<1>), rng).without_bias();
    let mut block = Block { conv, norm: BatchNorm::new(Hidden, 1e-5) };
    let x = Tensor::normal((Batch, Colours, Height, Width), 0.0, 1.0, rng);
    let y = block.forward_training(&x, &mut Training::new(rng));
    let c = conv3(&wide(&x), &wide(&block.conv.weight), None, [2, 3, 8, 8, 4], 1);
    let mut normal = c.clone();
    for ch in 0..4 {
        let of: Vec<usize> = (0..c.len()).filter(|i| i / 64 % 4 == ch).collect();
        let mean = of.iter().map(|i| c[*i]).sum::<f64>() / 128.0;
        let var = of.iter().map(|i| (c[*i] - mean).powi(2)).sum::<f64>() / 128.0;
        of.iter().for_each(|i| normal[*i] = (c[*i] - mean) / (var + 1e-5).sqrt());
    }
    let pooled: Vec<f64> = (0..2 * 4 * 16)
        .map(|at| {
            let (image, i, j) = (at / 16, at % 16 / 4, at % 4);
            [0, 1]
                .iter()
                .flat_map(|a| [0, 1].map(|b| normal[image * 64 + (2 * i + a) * 8 + 2 * j + b]))
                .fold(0.0, f64::max)
        })
        .collect();
    close(&y, &pooled);
    // What inference gets of this batch, if nothing of what was before stays.
    block.norm.momentum = 1.0;
    block.forward_training(&x, &mut Training::new(rng));
    let unbiased: Vec<f64> = (0..4)
        .map(|ch| {
            let of: Vec<f64> = (0..c.len()).filter(|i| i / 64 % 4 == ch).map(|i| c[i]).collect();
            let mean = of.iter().sum::<f64>() / 128.0;
            of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 127.0
        })
        .collect();
    close(&block.norm.running_var, &unbiased);
}

// Depthwise-separable convolution, generic.
#[derive(Module)]
struct Separable<C, O, K, Slide> {
    depthwise: Conv<(Times<C, N<1>>, N<1>, K, K), Times<C, N<1>>, Slide>,
    pointwise: Conv2d<C, O, N<1>, N<1>>,
}
type Depthwise<C> = Sliding<N<1>, N<1>, N<1>, C>;
impl<C: Dense, O: Dim, K: Dim> Separable<C, O, K, Depthwise<C>> {
    fn random(c: C, o: O, k: K, rng: &mut Rng) -> Self {
        let sliding = Sliding::default().padding(N::<1>).groups(c);
        Separable {
            depthwise: Conv::random((Times(c, N::<1>), N::<1>, k, k), sliding, rng),
            pointwise: Conv2d::random((o, c, N::<1>, N::<1>), Sliding::default(), rng),
        }
    }
    fn forward<B: Dim, H: Dense, W: Dense>(&self, x: &Tensor<(B, C, H, W)>) -> Tensor<(B, O, H, W)> {
        let (_, c, h, w) = x.shape();
        let one_each = Equal::times_one(c);
        let x = x.relabel_by(one_each);
        let y = self.depthwise.try_forward(&x, (h, w)).unwrap();
        self.pointwise.try_forward(&y.relabel_by(one_each.flip()), (h, w)).unwrap()
    }
}
#[test]
fn separable() {
    let rng = &mut Rng::with_seed(2);
    let layer = Separable::random(Hidden, Colours, Side, rng);
    let x = Tensor::normal((Batch, Hidden, Height, Width), 0.0, 1.0, rng);
    let d = conv3(
        &wide(&x),
        &wide(&layer.depthwise.weight),
        layer.depthwise.bias.as_ref().map(wide).as_deref(),
        [2, 4, 8, 8, 4],
        4,
    );
    let (w, b) = (wide(&layer.pointwise.weight), wide(layer.pointwise.bias.as_ref().unwrap()));
    let expected: Vec<f64> = (0..2 * 3 * 64)
        .map(|at| {
            let (n, o, p) = (at / 192, at / 64 % 3, at % 64);
            b[o] + (0..4).map(|c| w[o * 4 + c] * d[(n * 4 + c) * 64 + p]).sum::<f64>()
        })
        .collect();
    close(&layer.forward(&x), &expected);
}

// U-Net: down, up, and a skip connection, run-time sizes.
#[derive(Module)]
struct UNet<C, F> {
    inner: Conv2d<C, F, N<3>, N<3>, Same>,
    up: ConvTranspose<(F, C, N<2>, N<2>), C, Sliding<N<2>>>,
    merge: Conv2d<Plus<C, C>, C, N<3>, N<3>, Same>,
}
impl<C: Dense, F: Dense> UNet<C, F> {
    fn random(c: C, f: F, rng: &mut Rng) -> Self {
        let (same, two) = (Sliding::default().padding(N::<1>), Sliding::default().stride(N::<2>));
        UNet {
            inner: Conv2d::random((f, c, N, N), same, rng),
            up: ConvTranspose::random((f, c, N, N), c, two, rng),
            merge: Conv2d::random((c, Plus(c, c), N, N), same, rng),
        }
    }
    fn forward<B: Dim, H: Dense, W: Dense>(&self, x: &Tensor<(B, C, H, W)>) -> Result<Tensor<(B, C, H, W)>, Error> {
        let (_, _, h, w) = x.shape();
        bind!(rows: Tall = h.size() / 2, columns: Wide = w.size() / 2);
        let small = x.try_max_pool(N::<2>, (rows, columns), Sliding::default().stride(N::<2>))?;
        let inner = self.inner.try_forward(&small, (rows, columns))?.relu();
        let up = self.up.try_forward(&inner, (h, w))?;
        self.merge.try_forward(&x.concat(At::<1>, &up), (h, w))
    }
}
#[test]
fn unet() {
    let rng = &mut Rng::with_seed(3);
    let net = UNet::random(Colours, Hidden, rng);
    bind!(tall: Tall = 4, broad: Wide = 6);
    let x = Tensor::normal((Batch, Colours, tall, broad), 0.0, 1.0, rng);
    let y = net.forward(&x).unwrap();
    // By loops.
    let xs = wide(&x);
    let small: Vec<f64> = (0..2 * 3 * 6)
        .map(|at| {
            let (image, i, j) = (at / 6, at % 6 / 3, at % 3);
            [0, 1]
                .iter()
                .flat_map(|a| [0, 1].map(|b| xs[image * 24 + (2 * i + a) * 6 + 2 * j + b]))
                .fold(f64::MIN, f64::max)
        })
        .collect();
    let inner: Vec<f64> =
        conv3(&small, &wide(&net.inner.weight), net.inner.bias.as_ref().map(wide).as_deref(), [2, 3, 2, 3, 4], 1)
            .into_iter()
            .map(|x| x.max(0.0))
            .collect();
    let (w, b) = (wide(&net.up.weight), wide(net.up.bias.as_ref().unwrap()));
    let both: Vec<f64> = (0..2 * 6 * 24)
        .map(|at| {
            let (n, c, i, j) = (at / 144, at / 24 % 6, at % 24 / 6, at % 6);
            if c < 3 {
                return xs[(n * 3 + c) * 24 + i * 6 + j];
            }
            let c = c - 3;
            b[c] + (0..4)
                .map(|f| w[((f * 3 + c) * 2 + i % 2) * 2 + j % 2] * inner[(n * 4 + f) * 6 + i / 2 * 3 + j / 2])
                .sum::<f64>()
        })
        .collect();
    close(
        &y,
        &conv3(&both, &wide(&net.merge.weight), net.merge.bias.as_ref().map(wide).as_deref(), [2, 6, 4, 6, 3], 1),
    );
}

// ViT: patches, a class token, positions. Static.
#[derive(Module)]
struct Vit {
    patches: PatchEmbedding<Colours, Embed, Patch, Patch>,
    class: Tensor<(N<1>, Embed)>,
    positions: Tensor<(Plus<N<1>, Times<Rows, Columns>>, Embed)>,
}
impl Vit {
    fn forward(
        &self,
        images: &Tensor<(Batch, Colours, Height, Width)>,
    ) -> Tensor<(Batch, Plus<N<1>, Times<Rows, Columns>>, Embed)> {
        let patches = self.patches.forward(images, (Rows, Columns));
        self.class.expand(Batch).concat(At::<1>, &patches) + &self.positions
    }
}
#[test]
fn vit() {
    let rng = &mut Rng::with_seed(4);
    let model = Vit {
        patches: PatchEmbedding::random(Colours, Embed, (Patch, Patch), rng),
        class: Tensor::normal((N, Embed), 0.0, 1.0, rng),
        positions: Tensor::normal((Plus(N, Times(Rows, Columns)), Embed), 0.0, 1.0, rng),
    };
    let images = Tensor::normal((Batch, Colours, Height, Width), 0.0, 1.0, rng);
    let (xs, w) = (wide(&images), wide(&model.patches.projection.weight));
    let (b, class, positions) =
        (wide(model.patches.projection.bias.as_ref().unwrap()), wide(&model.class), wide(&model.positions));
    let expected: Vec<f64> = (0..2 * 17 * 8)
        .map(|at| {
            let (n, t, e) = (at / 136, at / 8 % 17, at % 8);
            let place = positions[t * 8 + e];
            if t == 0 {
                return class[e] + place;
            }
            let (r, c) = ((t - 1) / 4, (t - 1) % 4);
            let of = |ch: usize, i: usize, j: usize| {
                xs[((n * 3 + ch) * 8 + 2 * r + i) * 8 + 2 * c + j] * w[((e * 3 + ch) * 2 + i) * 2 + j]
            };
            place + b[e] + (0..12).map(|k| of(k / 4, k / 2 % 2, k % 2)).sum::<f64>()
        })
        .collect();
    close(&model.forward(&images), &expected);
}

// Swin: shifted windows. Static.
type Windows = Times<Down, Across>;
type Inside = Times<Window, Window>;
fn windows(x: &Tensor<(Batch, Height, Width, Embed)>) -> Tensor<(Times<Batch, Windows>, Inside, Embed)> {
    let x = x.relabel(Height, Times(Down, Window)).relabel(Width, Times(Across, Window));
    rearrange!(x, "n (r i) (c j) e -> (n (r c)) (i j) e")
}
#[test]
fn swin() {
    let rng = &mut Rng::with_seed(5);
    let x = Tensor::normal((Batch, Height, Width, Embed), 0.0, 1.0, rng);
    let parts = windows(&x.roll(Height, -2).roll(Width, -2));
    let xs = wide(&x);
    let expected: Vec<f64> = (0..2 * 4 * 16 * 8)
        .map(|at| {
            let (n, r, c, i, j, e) = (at / 512, at / 256 % 2, at / 128 % 2, at / 32 % 4, at / 8 % 4, at % 8);
            xs[((n * 8 + (4 * r + i + 2) % 8) * 8 + (4 * c + j + 2) % 8) * 8 + e]
        })
        .collect();
    close(&parts, &expected);
    let attention = MultiHeadAttention::random(Embed, Heads, HeadDim, rng);
    // Whoever was not a neighbour before the shift is not attended to: regions 0, 1, 2 along each axis.
    let region = |p: usize| usize::from(p >= 4) + usize::from(p >= 6);
    let of = |w: usize, t: usize| (region(w / 2 % 2 * 4 + t / 4), region(w % 2 * 4 + t % 4));
    let mask = Allowed::new(Cpu::<bool>::from_fn(
        (Times(Batch, Times(Down, Across)), Times(Window, Window), Times(Window, Window)),
        |[w, i, j]| of(w, i) == of(w, j),
    ));
    let y = attention.forward(&parts, &mask);
    let back: Tensor<(Batch, Height, Width, Embed)> = rearrange!(y, "(n (r c)) (i j) e -> n (r i) (c j) e")
        .relabel(At::<1>, Height)
        .relabel(At::<2>, Width)
        .roll(Height, 2)
        .roll(Width, 2);
    // The window at the end of both axes: its position (0, 0) was (6, 6), whose neighbours were (6, 7), (7, 6) and (7, 7).
    let alone =
        Tensor::from_fn((N::<1>, N::<4>, Embed), |[_, t, e]| xs[((4 + 2 + t / 2) * 8 + 4 + 2 + t % 2) * 8 + e] as f32);
    let alone = attention.forward(&alone, &Full).at(At::<1>, 0).unwrap();
    close(&back.at(Batch, 0).unwrap().at(Height, 6).unwrap().at(Width, 6).unwrap(), &wide(&alone));
}

// MLP-Mixer, generic.
#[derive(Module)]
struct Mixer<S, E, F> {
    norms: [LayerNorm<E>; 2],
    tokens: FeedForward<S, F>,
    channels: FeedForward<E, F>,
}
impl<S: Dense, E: Dense, F: Dense> Mixer<S, E, F> {
    fn forward<B: Dim>(&self, x: &Tensor<(B, S, E)>) -> Tensor<(B, S, E)> {
        let y = self.norms[0].forward(x).transpose(At::<1>, At::<2>);
        let x = x + self.tokens.forward(&y).transpose(At::<1>, At::<2>);
        &x + self.channels.forward(&self.norms[1].forward(&x))
    }
}
#[test]
fn mixer() {
    let rng = &mut Rng::with_seed(6);
    bind!(rows: Tall = 5);
    let model = Mixer {
        norms: [(); 2].map(|()| LayerNorm::new(Embed, 1e-5)),
        tokens: FeedForward::random(rows, Hidden, rng),
        channels: FeedForward::random(Embed, Hidden, rng),
    };
    let x = Tensor::normal((Batch, rows, Embed), 0.0, 1.0, rng);
    // By positions: tokens of one channel are mixed as a vector.
    let normal = model.norms[0].forward(&x);
    let channels: Vec<_> = (0..8).map(|e| model.tokens.forward(&normal.at(Embed, e).unwrap())).collect();
    let mixed = x
        .to_vec()
        .iter()
        .enumerate()
        .map(|(at, x)| {
            let (n, s, e) = (at / 40, at / 8 % 5, at % 8);
            x + channels[e].to_vec()[n * 5 + s]
        })
        .collect();
    let mixed = Tensor::from_vec((Batch, rows, Embed), mixed).unwrap();
    close(&model.forward(&x), &wide(&(&mixed + model.channels.forward(&model.norms[1].forward(&mixed)))));
}
