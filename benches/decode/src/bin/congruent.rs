//! congruent: the Llama of `examples/chat`.

use chat::llama::{GGUF, Llama};
use chat::{Config, Dims, LanguageModel, Texts};
use congruent::generate::{Sampler, Sampling, Session};
use congruent::io::Gguf;
use congruent::prelude::*;
use decode::{Decoder, model, serve};

dims! {
    Vocab = 49152;
    Positions = 8192;
    Embed = 576;
    KeyHeads = 3;
    Group = 3;
    HeadDim = 64;
    Ffn = 1536;
}

const SIZES: Dims<Vocab, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn> = Dims {
    vocab: Vocab,
    positions: Positions,
    embed: Embed,
    heads: Times(KeyHeads, Group),
    key_heads: KeyHeads,
    head_dim: HeadDim,
    ffn: Ffn,
    experts: N::<1>,
    expert_ffn: Ffn,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = Gguf::open(model())?;
    let Config { settings, .. } = Config::from_gguf(&file)?;
    let model: LanguageModel<_, _> = Llama::load(&file, SIZES, &settings, &GGUF, &Default::default(), || ())?;
    let start = || Texts::new(&model, N::<1>);
    serve(Congruent { session: start(), start, sampler: Sampler::new(Sampling::GREEDY, 0)? })
}

struct Congruent<M, F> {
    session: M,
    start: F,
    sampler: Sampler,
}

impl<M: Session, F: Fn() -> M> Decoder for Congruent<M, F> {
    fn restart(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        self.session = (self.start)();
        Ok(())
    }

    fn next(&mut self, ids: &[u32]) -> Result<u32, Box<dyn std::error::Error>> {
        let vocab = self.session.vocab();
        let ids = ids.iter().map(|id| Index::new(vocab, *id)).collect::<Result<Vec<_>, _>>()?;
        let logits = self.session.extend(&[(0, &ids)])?;
        Ok(self.sampler.sample(&logits[0], &[])?.get())
    }
}
