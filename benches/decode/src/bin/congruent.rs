//! congruent: the model of `examples/chat`.

use chat::Model;
use congruent::generate::{Sampler, Sampling, Session};
use congruent::io::Gguf;
use congruent::tensor::Index;
use decode::{Decoder, model, serve};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let model = Model::from_gguf(&Gguf::open(model())?)?;
    let start = || model.session(1);
    serve(Congruent { session: start(), start, sampler: Sampler::new(Sampling::GREEDY, 0)? })
}

struct Congruent<M, F> {
    session: M,
    start: F,
    sampler: Sampler,
}

impl<M: Session, F: Fn() -> M> Decoder for Congruent<M, F> {
    fn restart(&mut self) -> Result<(), Box<dyn Error>> {
        self.session = (self.start)();
        Ok(())
    }

    fn next(&mut self, ids: &[u32]) -> Result<u32, Box<dyn Error>> {
        let vocab = self.session.vocab();
        let ids = ids.iter().map(|id| Index::new(vocab, *id)).collect::<Result<Vec<_>, _>>()?;
        let logits = self.session.extend(&[(0, &ids)])?;
        Ok(self.sampler.sample(&logits[0], &[])?.get())
    }
}
