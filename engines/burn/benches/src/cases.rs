//! Operations and layers, by an engine and by a library.

use crate::clock::Case;
use crate::library::Library;
use crate::models::Model;
use crate::steps::{read, values};
use crate::typed::{minilm, parameters};
use congruent::backend::{Autodiff, DeviceOf};
use congruent::fuse;
use congruent::module::Module;
use congruent::nn::{Activation, Linear};
use congruent::prelude::*;

/// What is compared: an engine, and a library.
pub struct Systems<'d, B: Autodiff<Elem = f32>, L> {
    /// The names of the library and of the engine.
    pub names: [&'static str; 2],
    /// Where the engine calculates.
    pub device: &'d DeviceOf<B>,
    /// The library.
    pub library: L,
}

/// Operations and layers.
pub fn operations<'a, B: Autodiff<Elem = f32> + 'a, L: Library + Clone + 'a>(
    systems: &Systems<'_, B, L>,
) -> Vec<Case<'a>> {
    dims! { Batch = 32; Seq = 20; Embed = 384; Hidden = 1536; Heads = 12; HeadDim = 32; }
    let Systems { names, device, library } = systems;
    let rng = &mut Rng::with_seed(1);
    let mut cases = Vec::new();
    macro_rules! both {
        ($x:expr) => {{
            let x = $x;
            (x.to_engine::<B>(device), library.tensor(&x.to_vec(), x.sizes().as_ref()))
        }};
    }
    macro_rules! case {
        ($name:expr, |$l:ident| $plain:expr, $typed:expr) => {{
            let ($l, [plain, typed]) = (library.clone(), *names);
            let case = Case::new($name).by(plain, Box::new(move |reads| values(&$l, $plain, reads)));
            cases.push(case.by(typed, Box::new(move |reads| read($typed, reads))));
        }};
    }
    macro_rules! products { ($($n:literal)*) => { $({
        dims! { Rows = $n; Inner = $n; Columns = $n; }
        let (a, plain_a) = both!(Tensor::uniform((Rows, Inner), -1.0..1.0, rng));
        let (b, plain_b) = both!(Tensor::uniform((Inner, Columns), -1.0..1.0, rng));
        case!(concat!("product of ", $n, "²"), |l| l.matmul(plain_a.clone(), plain_b.clone()), a.matmul(&b));
    })* } }
    products! { 8 64 512 }

    let (x, plain_x) = both!(Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, rng));
    let (y, plain_y) = both!(Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, rng));
    fn chain<L: Library>(l: &L, x: L::Tensor, y: L::Tensor) -> L::Tensor {
        l.shift(l.scale(l.relu(l.add(l.mul(x.clone(), y), x)), 0.5), 1.0)
    }
    let (fused_x, fused_y, plain_fused) = (x.clone(), y.clone(), [plain_x.clone(), plain_y.clone()]);
    case!(
        "x * y + x, relu, * 0.5, + 1 of 32×20×384, by operators and methods",
        |l| chain(&l, plain_x.clone(), plain_y.clone()),
        (&x * &y + &x).relu() * 0.5 + 1.0
    );
    case!(
        "the same, by `fuse`",
        |l| chain(&l, plain_fused[0].clone(), plain_fused[1].clone()),
        fuse((&fused_x, &fused_y), |x, y| (x * y + x).relu() * 0.5 + 1.0)
    );

    let (x, plain_x) = both!(Tensor::uniform((Batch, Heads, Seq, N::<20>), -1.0..1.0, rng));
    case!("softmax of rows of 20", |l| l.softmax(plain_x.clone()), x.softmax(At::<3>));

    let (x, plain_x) = both!(Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, rng));
    let layer = Linear::random(Embed, Hidden, rng);
    let [weight, bias] = &parameters(&layer)[..] else { panic!("a weight and a bias") };
    let (weight, bias) = (library.weight(&weight.1, &weight.0), library.tensor(&bias.1, &bias.0));
    let layer = layer.to_engine::<B>(device);
    case!(
        "linear layer and GELU, 640×384 to 1536",
        |l| l.gelu(l.linear(plain_x.clone(), weight.clone(), Some(bias.clone()))),
        layer.forward_activated(&x, Activation::Gelu)
    );

    let mut heads = || both!(Tensor::uniform((Batch, Heads, Seq, HeadDim), -1.0..1.0, rng));
    let [(q, plain_q), (k, plain_k), (v, plain_v)] = [heads(), heads(), heads()];
    case!(
        "attention of 32×12×20×32",
        |l| l.attention([plain_q.clone(), plain_k.clone(), plain_v.clone()], None, false),
        attention(&q, &k, &v, &Full)
    );

    let (x, plain_x) = both!(Tensor::uniform((Batch, Seq, minilm::Embed), -1.0..1.0, rng));
    let layer = minilm::layer(rng);
    let plain = Model::new(library.clone(), 12, 0, &parameters(&layer));
    let layer = layer.to_engine::<B>(device);
    case!("encoder layer, 32×20", |_l| plain.encoder_layer(0, plain_x.clone(), None), layer.forward(&x, &Full));
    cases
}
