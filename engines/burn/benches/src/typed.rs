//! The models on typed tensors, for any engine.
//!
//! The widths are those of all-MiniLM-L6-v2, of SmolLM2-135M and of `examples/train`, the parameters random.

use crate::library::Parameters;
use congruent::backend::{Autodiff, Backend, DeviceOf};
use congruent::module::Module;
use congruent::nn::{
    Embedding, Encoder, EncoderLayer, GatedFeedForward, GroupedQueryAttention, KeyValueCache, LayerNorm, LlamaDecoder,
    LlamaLayer, RmsNorm, Rotary, RotaryLayout, cross_entropy, rotary_frequencies,
};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;

const EPSILON: f64 = 1e-5;

/// How many layers the models have.
#[derive(Clone, Copy)]
pub struct Layers {
    pub minilm: usize,
    pub smollm: usize,
    pub characters: usize,
}

impl Layers {
    /// As the models have them.
    pub const ALL: Self = Layers { minilm: 6, smollm: 30, characters: 4 };
    /// As many as show that the numbers are alike.
    pub const FEW: Self = Layers { minilm: 1, smollm: 1, characters: 1 };
}

fn rng() -> Rng {
    Rng::with_seed(1)
}

/// The parameters of a model, in the order of its fields.
pub fn parameters(model: &impl Module<Cpu<f32>>) -> Parameters {
    let mut all = Vec::new();
    model.for_each(|x| {
        all.push((x.sizes().to_vec(), Cpu::<f32>::to_vec(x.array()).expect("the processor fails at nothing")))
    });
    all
}

/// The cosines and sines of each position, `(positions, d / 2)`.
pub fn angles(positions: std::ops::Range<usize>, d: usize, base: f64) -> [Vec<f32>; 2] {
    let frequencies = rotary_frequencies(base, d);
    let table = |f: fn(f64) -> f64| {
        let of = |position| frequencies.iter().map(move |x| f(position as f64 * x) as f32);
        positions.clone().flat_map(of).collect()
    };
    [table(f64::cos), table(f64::sin)]
}

pub mod minilm {
    use super::*;
    dims! { pub Vocab = 1000; pub Embed = 384; pub Heads = 12; pub HeadDim = 32; pub Hidden = 1536; }

    #[derive(Clone, Module)]
    pub struct Model<B: Backend = Cpu<f32>> {
        words: Embedding<Vocab, Embed, B>,
        norm: LayerNorm<Embed, B>,
        encoder: Encoder<Embed, Heads, HeadDim, Hidden, B>,
    }

    /// A layer alone.
    pub fn layer(rng: &mut Rng) -> EncoderLayer<Embed, Heads, HeadDim, Hidden> {
        EncoderLayer::random(Embed, Heads, HeadDim, Hidden, rng)
    }

    pub fn model(layers: usize) -> Model {
        let rng = &mut rng();
        let words = Embedding::random(Vocab, Embed, rng);
        let layers = (0..layers).map(|_| layer(rng)).collect();
        Model { words, norm: LayerNorm::new(Embed, EPSILON), encoder: Encoder { layers } }
    }

    impl<B: Backend<Elem = f32>> Model<B> {
        pub fn embed<N: Dim, S: Whole>(
            &self,
            ids: &TensorOf<(N, Ragged<S>), Index<Vocab>, B>,
            lengths: &Lengths<N, Ragged<S>>,
        ) -> Tensor<(N, Embed), B> {
            let x = self.norm.forward(&self.words.forward(ids));
            self.encoder.forward(&x, lengths).masked_mean(lengths)
        }
    }
}

/// Layers of the Llama family.
fn layers<E: Dense, Q: Dense + congruent::shape::SharesHeads<H>, H: Dense, D: Dense, F: Dense>(
    layers: usize,
    (embed, queries, keys, head_dim, hidden): (E, Q, H, D, F),
) -> Vec<LlamaLayer<E, Q, H, D, F>> {
    let rng = &mut rng();
    let layer = |_| LlamaLayer {
        attention_norm: RmsNorm::new(embed, EPSILON),
        attention: GroupedQueryAttention::random(embed, queries, keys, head_dim, rng),
        feed_forward_norm: RmsNorm::new(embed, EPSILON),
        feed_forward: GatedFeedForward::random(embed, hidden, rng),
    };
    (0..layers).map(layer).collect()
}

pub mod smollm {
    use super::*;
    dims! {
        pub Batch = 1; pub Vocab = 49152; pub Positions = 256; pub Prompt = 64;
        pub Embed = 576; pub KeyHeads = 3; pub Group = 3; pub HeadDim = 64; pub Hidden = 1536;
    }
    pub const HEADS: usize = 9;
    pub const BASE: f64 = 1e5;

    #[derive(Clone, Module)]
    pub struct Model<B: Backend = Cpu<f32>> {
        tokens: Embedding<Vocab, Embed, B>,
        decoder: LlamaDecoder<Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Hidden, Positions, B>,
    }

    pub fn model(count: usize) -> Model {
        let layers = layers(count, (Embed, Times(KeyHeads, Group), KeyHeads, HeadDim, Hidden));
        let rotary = Rotary::new(Positions, HeadDim, BASE, RotaryLayout::Interleaved);
        let decoder = LlamaDecoder { layers, norm: RmsNorm::new(Embed, EPSILON), rotary };
        Model { tokens: Embedding { weight: Tensor::normal((Vocab, Embed), 0.0, 0.02, &mut rng()) }, decoder }
    }

    /// The keys and the values of a prompt, of each layer the same.
    pub fn prompt() -> [Tensor<(Batch, KeyHeads, Prompt, HeadDim)>; 2] {
        let rng = &mut rng();
        [(); 2].map(|()| Tensor::uniform((Batch, KeyHeads, Prompt, HeadDim), -1.0..1.0, rng))
    }

    /// A model that has read a prompt.
    pub struct Decoding<B: Backend = Cpu<f32>> {
        model: Model<B>,
        cache: KeyValueCache<Batch, KeyHeads, HeadDim, Positions, B>,
        device: DeviceOf<B>,
    }

    impl<B: Backend<Elem = f32>> Decoding<B> {
        pub fn new(model: Model<B>, device: &DeviceOf<B>) -> Self {
            let layers = model.decoder.layers.len();
            let mut cache = KeyValueCache::on_backend(Batch, KeyHeads, HeadDim, Positions, layers).to_device(device);
            let [keys, values] = prompt().map(|x| x.to_engine::<B>(device));
            let read = cache.step(Prompt, |step| (0..layers).for_each(|i| drop(step.append(i, &keys, &values))));
            read.expect("there is room for the prompt");
            Decoding { model, cache, device: device.clone() }
        }

        /// The logits of the token after the prompt, which is forgotten again.
        pub fn next(&mut self, id: u32) -> Tensor<(Batch, N<1>, Vocab), B> {
            let Decoding { model, cache, device } = self;
            let ids = Ids::new((Batch, N::<1>), Vocab, &[id]).expect("a token of the table");
            let x = model.tokens.forward(&ids.to_engine::<B>(device));
            let y = cache.step(N::<1>, |step| model.decoder.forward_cached(&x, step)).expect("there is room");
            cache.truncate([Prompt.size()]).expect("one sequence");
            model.tokens.logits(&y)
        }
    }
}

pub mod characters {
    use super::*;
    dims! {
        pub Batch = 8; pub Seq = 64; pub Vocab = 65; pub Positions = 64;
        pub Embed = 128; pub Heads = 4; pub HeadDim = 32; pub Hidden = 352;
    }
    pub const BASE: f64 = 10000.0;

    #[derive(Clone, Module)]
    pub struct Model<B: Backend = Cpu<f32>> {
        characters: Embedding<Vocab, Embed, B>,
        decoder: LlamaDecoder<Embed, Heads, Heads, HeadDim, Hidden, Positions, B>,
    }

    pub fn model(count: usize) -> Model {
        let rotary = Rotary::new(Positions, HeadDim, BASE, RotaryLayout::Half);
        let layers = layers(count, (Embed, Heads, Heads, HeadDim, Hidden));
        let decoder = LlamaDecoder { layers, norm: RmsNorm::new(Embed, EPSILON), rotary };
        Model { characters: Embedding { weight: Tensor::normal((Vocab, Embed), 0.0, 0.02, &mut rng()) }, decoder }
    }

    /// The ids of a batch, which begins somewhere.
    pub fn ids(begin: u32) -> Vec<u32> {
        (0..(Batch.size() * Seq.size()) as u32).map(|i| (begin + i) * 37 % 65).collect()
    }

    /// A model in training.
    pub struct Training<B: Autodiff = Cpu<f32>> {
        model: Model<B>,
        optimizer: Optimizer<B>,
        texts: [TensorOf<(Batch, Seq), Index<Vocab>, B>; 2],
        positions: TensorOf<(Batch, Seq), Index<Positions>, B>,
    }

    impl<B: Autodiff<Elem = f32>> Training<B> {
        pub fn new(mut model: Model<B>, device: &DeviceOf<B>) -> Self {
            model.track();
            let texts = [0, 1].map(|begin| Ids::new((Batch, Seq), Vocab, &ids(begin)).expect("ids of the table"));
            let positions: Vec<u32> = (0..Batch.size()).flat_map(|_| 0..64).collect();
            let positions = Ids::new((Batch, Seq), Positions, &positions).expect("positions of the table");
            Training {
                model,
                optimizer: Optimizer::new(AdamW::default()),
                texts: texts.map(|x| x.to_engine::<B>(device)),
                positions: positions.to_engine::<B>(device),
            }
        }

        /// One step: the loss before it, if it is asked for.
        pub fn step(&mut self, reads: bool) -> Vec<f32> {
            let Training { model, optimizer, texts: [texts, targets], positions } = self;
            let x = model.decoder.forward(&model.characters.forward(texts), positions, &Causal);
            let loss = cross_entropy(&model.characters.logits(&x), targets).mean(Batch).mean(Seq);
            drop(x);
            let value = if reads { vec![loss.scalar()] } else { Vec::new() };
            let gradients = loss.backward();
            optimizer.step(model, &gradients, 1.0);
            value
        }
    }
}
