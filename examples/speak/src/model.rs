//! The model: Llama's layers on characters.

use congruent::backend::{Backend, DeviceOf};
use congruent::dim::{Summed, Vocabulary};
use congruent::nn::{
    Activation, CacheStep, Dropout, Embedding, GatedFeedForward, GroupedQueryAttention, KeyValueCache, Linear,
    LlamaDecoder, LlamaLayer, RmsNorm, Rotary, RotaryLayout, Training,
};
use congruent::prelude::*;

dims! {
    /// The width of the model.
    pub Embed = 128;
    /// The heads, each with keys of its own.
    pub Heads = 4;
    /// The width of a head.
    pub HeadDim = 32;
    /// The width between the layers of the feed-forward network: `8/3 · Embed`, rounded to what half precision is
    /// multiplied by in place.
    pub Ffn = 352;
    /// The characters that the model sees at once.
    pub Positions = 256;
}

/// Predicts the next character of an alphabet `V`. Of it, of the heads and of the features `F` a rank of a mesh may have a part.
#[derive(Clone, Module)]
pub struct Model<V, Bk: Backend = Cpu<f32>, H = Heads, F = Ffn> {
    /// What a character is to the first layer, and what the last one is compared with.
    pub characters: Embedding<V, Embed, Bk>,
    /// The layers.
    pub decoder: LlamaDecoder<Embed, H, H, HeadDim, F, Positions, Bk>,
}

/// The cache of one text of the batch `B`.
pub type Cache<B, Bk> = KeyValueCache<B, Heads, HeadDim, Positions, Bk>;

impl<V: Dense> Model<V> {
    /// A new model. What is added to the residual connections begins smaller the more layers do so, as in GPT-2.
    pub fn random(vocab: V, layers: usize, rng: &mut Rng) -> Self {
        Model::of_heads(vocab, Heads, Ffn, layers, rng)
    }
}

impl<V: Dim, H: Dim, F: Dim> Model<V, Cpu<f32>, H, F> {
    /// As [`random`](Model::random), of these heads and features: where they, or the alphabet, are a rank's part, its part of the same
    /// model.
    pub fn of_heads(vocab: V, heads: H, ffn: F, layers: usize, rng: &mut Rng) -> Self {
        const DEVIATION: f64 = 0.02;
        let residual = DEVIATION / (2.0 * layers as f64).sqrt();
        let norm = RmsNorm::new(Embed, 1e-5);
        let width = Times(heads, HeadDim);
        let layers = (0..layers).map(|_| LlamaLayer {
            attention_norm: norm.clone(),
            attention: GroupedQueryAttention {
                query: linear(Embed, width, DEVIATION, rng),
                key: linear(Embed, width, DEVIATION, rng),
                value: linear(Embed, width, DEVIATION, rng),
                output: linear(width, Embed, residual, rng),
            },
            feed_forward_norm: norm.clone(),
            feed_forward: GatedFeedForward {
                gate: linear(Embed, ffn, DEVIATION, rng),
                up: linear(Embed, ffn, DEVIATION, rng),
                activation: Activation::Silu,
                down: linear(ffn, Embed, residual, rng),
            },
        });
        let layers = layers.collect();
        let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
        let decoder = LlamaDecoder { layers, norm, rotary };
        Model { characters: Embedding { weight: Tensor::normal((vocab, Embed), 0.0, DEVIATION, rng) }, decoder }
    }
}

impl<V: Vocabulary, Bk: Backend<Elem = f32>, H: Summed, F: Summed> Model<V, Bk, H, F> {
    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<Bk> {
        self.characters.weight.device()
    }

    /// The alphabet.
    pub fn vocab(&self) -> V::Whole {
        self.characters.weight.shape().0.whole()
    }

    /// The logits of what follows each character of texts that are read from their beginning. Where the alphabet is a rank's part, they
    /// are those of a part.
    ///
    /// # Errors
    /// The texts are longer than [`Positions`].
    pub fn logits<B: Dim, S: Dense>(
        &self,
        texts: &TensorOf<(B, S), Index<V::Whole>, Bk>,
    ) -> Result<Tensor<(B, S, V), Bk>, Error> {
        self.logits_between(texts, |x| x)
    }

    /// As [`logits`](Self::logits), in training: dropout before the first layer and after the last.
    ///
    /// # Errors
    /// As of `logits`.
    pub fn training_logits<B: Dim, S: Dense>(
        &self,
        texts: &TensorOf<(B, S), Index<V::Whole>, Bk>,
        dropout: Dropout,
        training: &mut Training<'_>,
    ) -> Result<Tensor<(B, S, V), Bk>, Error> {
        self.logits_between(texts, |x| if dropout.rate > 0.0 { dropout.forward_training(&x, training) } else { x })
    }

    fn logits_between<B: Dim, S: Dense>(
        &self,
        texts: &TensorOf<(B, S), Index<V::Whole>, Bk>,
        mut drop: impl FnMut(Tensor<(B, S, Embed), Bk>) -> Tensor<(B, S, Embed), Bk>,
    ) -> Result<Tensor<(B, S, V), Bk>, Error> {
        let (batch, seq) = texts.shape();
        let positions: Vec<u32> = (0..batch.size()).flat_map(|_| 0..seq.size() as u32).collect();
        let positions = Ids::new((batch, seq), Positions, &positions)?.to_engine::<Bk>(&self.device());
        let x = drop(self.characters.forward(texts));
        let x = drop(self.decoder.forward(&x, &positions, &Causal));
        Ok(self.characters.logits(&x))
    }
}

impl<V: Dense, Bk: Backend<Elem = f32>> Model<V, Bk> {
    /// An empty cache for a batch.
    pub fn cache<B: Dim>(&self, batch: B) -> Cache<B, Bk> {
        Cache::on_backend(batch, Heads, HeadDim, Positions, self.decoder.layers.len()).to_device(&self.device())
    }

    /// What the model makes of characters that follow those of the cache: the logits are linear in it.
    pub fn hidden_states<B: Dim, S: Dim, K: Dim>(
        &self,
        new: &TensorOf<(B, S), Index<V>, Bk>,
        step: &mut CacheStep<'_, B, Heads, HeadDim, Positions, S, K, Bk>,
    ) -> Tensor<(B, S, Embed), Bk> {
        self.decoder.forward_cached(&self.characters.forward(new), step)
    }
}

fn linear<I: Dim, O: Dim>(input: I, output: O, deviation: f64, rng: &mut Rng) -> Linear<I, O> {
    Linear { weight: Tensor::normal((output, input), 0.0, deviation, rng), bias: None }
}
