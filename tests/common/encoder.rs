//! An encoder that is trained on ranks, and what it reads.

use congruent::backend::Backend;
use congruent::dim::Dim;
use congruent::nn::{Embedding, EncoderLayer, LayerNorm, Linear};
use congruent::prelude::*;

dims! { pub Seq = 5; pub Vocab = 11; pub Embed = 8; pub Heads = 4; pub HeadDim = 2; pub Hidden = 12; }

/// An encoder whose heads and hidden features may be parts. No number of ranks divides all of its parameters.
#[derive(Clone, Module)]
pub struct Encoder<H, F, B: Backend = Cpu<f32>> {
    pub embedding: Embedding<Vocab, Embed, B>,
    pub layer: EncoderLayer<Embed, H, HeadDim, F, B>,
    pub norm: LayerNorm<Embed, B>,
    pub head: Linear<Embed, Vocab, B>,
}

impl<H: Dim, F: Dim> Encoder<H, F> {
    pub fn random(heads: H, hidden: F) -> Self {
        let rng = &mut Rng::with_seed(3);
        Encoder {
            embedding: Embedding::random(Vocab, Embed, rng),
            layer: EncoderLayer::random(Embed, heads, HeadDim, hidden, rng),
            norm: LayerNorm::new(Embed, 1e-5),
            head: Linear::random(Embed, Vocab, rng),
        }
    }
}

/// Texts of a batch, or of a part of it from the text `first` on, and what they are to become.
pub fn texts<X: Dim>(batch: X, first: usize) -> [Ids<(X, Seq), Vocab>; 2] {
    [0, 1].map(|shift| {
        let numbers = (0..batch.size() * 5).map(|i| ((first * 5 + i + 5 * shift) * 7 % 11) as u32);
        Ids::new((batch, Seq), Vocab, &numbers.collect::<Vec<_>>()).unwrap()
    })
}
