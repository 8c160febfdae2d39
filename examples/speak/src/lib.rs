//! A language model of characters, and the alphabet that it speaks.

mod alphabet;
mod model;
mod session;

pub use alphabet::{Alphabet, UnknownCharacter, characters};
pub use model::{Embed, Ffn, HeadDim, Heads, Model, Positions};
pub use session::Reader;

use congruent::backend::{Backend, DeviceOf};
use congruent::generate::{Event, Generation, Request, Sampler, Sampling};
use congruent::half::f16;
use congruent::io::{Gguf, LoadError, Weights, Writer, load_on};
use congruent::prelude::*;

/// A model and its alphabet.
#[derive(Clone)]
pub struct Speaker<V, Bk: Backend = Cpu<f32>> {
    /// What the characters are to the model.
    pub alphabet: Alphabet<V>,
    /// The model.
    pub model: Model<V, Bk>,
}

impl<V: Dense> Speaker<V> {
    /// Takes what [`export`](Self::export) wrote. The weights are multiplied as they are.
    ///
    /// # Errors
    /// The file is not of such a model, or its alphabet is not of this size.
    pub fn load(file: &Gguf, vocab: V) -> Result<Self, LoadError> {
        Speaker::load_on(file, vocab, &Default::default())
    }
}

impl<V: Dense, Bk: Backend<Elem = f32>> Speaker<V, Bk> {
    /// As [`load`](Speaker::load), to a device of any engine.
    ///
    /// # Errors
    /// As of `load`.
    pub fn load_on(file: &Gguf, vocab: V, device: &DeviceOf<Bk>) -> Result<Self, LoadError> {
        let characters: String = file.metadata("alphabet")?;
        let alphabet = Alphabet::new(vocab, &characters).map_err(|_| LoadError::Metadata {
            key: "alphabet".to_owned(),
            expected: format!("{} characters", vocab.size()),
            found: characters.chars().count().to_string(),
        })?;
        let like = Model::random(vocab, file.metadata("layers")?, &mut Rng::with_seed(0)).to_engine::<Bk>(device);
        let model = load_on(file, device, |weights: Weights<'_, f32, Bk>| weights.casting().module(&like))?;
        Ok(Speaker { alphabet, model })
    }

    /// The model in half precision, its sizes and its alphabet as a file.
    pub fn export(&self) -> Writer {
        let mut writer = Writer::default();
        // A device need not have numbers of half precision.
        writer.module_as::<f16, _>("", &self.model.to_engine::<Cpu<f32>>(&Default::default()));
        writer.metadata("alphabet", self.alphabet.to_string());
        writer.metadata("layers", self.model.decoder.layers.len());
        let sizes = [Embed.size(), Heads.size(), HeadDim.size(), Ffn.size(), Positions.size()];
        for (name, size) in ["embed", "heads", "head_dim", "ffn", "positions"].into_iter().zip(sizes) {
            writer.metadata(name, size);
        }
        writer
    }

    /// Goes on from a prompt by so many characters, each given to `say`. The same seed says the same.
    ///
    /// # Errors
    /// The prompt is empty, a setting is out of its range, or `say` fails.
    pub fn speak<E: From<congruent::Error>>(
        &self,
        prompt: &[Index<V>],
        sampling: Sampling,
        seed: u64,
        characters: usize,
        mut say: impl FnMut(char) -> Result<(), E>,
    ) -> Result<(), E> {
        let sampler = Sampler::new(sampling, seed)?;
        let request = Request { prompt: prompt.to_vec(), sampler, end: vec![], maximum: characters };
        for event in Generation::new(&mut Reader::new(&self.model), vec![request])? {
            if let Event::Token { id, .. } = event? {
                say(self.alphabet.character(id))?;
            }
        }
        Ok(())
    }
}
