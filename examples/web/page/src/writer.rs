//! A text that is written letter by letter.

use crate::attention::{Attention, forward};
use crate::{One, Query, Vocab};
use congruent::generate::{Sampler, Sampling};
use congruent::io::Gguf;
use congruent::nn::KeyValueCache;
use congruent::prelude::*;
use speak::{HeadDim, Heads, Positions, Speaker};
use std::error::Error;
use std::rc::Rc;

/// What a text begins with, and how it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The letters that it begins with.
    pub prompt: &'a str,
    /// The same seed writes the same.
    pub seed: u64,
    /// What the logits are divided by; at 0 the most likely letter is written.
    pub temperature: f32,
}

/// A text, the model that writes it, and what its heads attend to.
pub struct Writer {
    speaker: Rc<Speaker<Vocab>>,
    sampler: Sampler,
    cache: KeyValueCache<One, Heads, HeadDim, Positions>,
    text: Vec<Index<Vocab>>,
    /// How many letters at the end of the text the model has not read.
    unread: usize,
    /// The attention of each layer.
    attention: Vec<Attention>,
}

impl Writer {
    /// The model that is checked in.
    ///
    /// # Errors
    /// It is not of this program.
    pub fn model() -> Result<Speaker<Vocab>, Box<dyn Error>> {
        let file = Gguf::from_bytes(include_bytes!("../../../speak/model.gguf").to_vec())?;
        Ok(Speaker::load(&file, Vocab)?)
    }

    /// A text of its first letters.
    ///
    /// # Errors
    /// There are none, or one that the model does not know; or the temperature is out of its range.
    pub fn new(speaker: Rc<Speaker<Vocab>>, settings: Settings<'_>) -> Result<Self, Box<dyn Error>> {
        let text = speaker.alphabet.encode(settings.prompt)?;
        if text.is_empty() {
            return Err("the prompt is empty: the model goes on from one letter at least".into());
        }
        let sampling = Sampling { temperature: settings.temperature, ..Sampling::default() };
        let sampler = Sampler::new(sampling, settings.seed)?;
        let layers = speaker.model.decoder.layers.len();
        let cache = KeyValueCache::new(One, Heads, HeadDim, Positions, layers);
        let (unread, attention) = (text.len(), vec![Attention::new(); layers]);
        Ok(Writer { speaker, sampler, cache, text, unread, attention })
    }

    /// Writes the next letter.
    ///
    /// # Errors
    /// The model gives no distribution.
    pub fn letter(&mut self) -> Result<char, congruent::Error> {
        let logits = self.read()?;
        let id = self.sampler.sample(&logits, &self.text)?;
        self.text.push(id);
        self.unread = 1;
        Ok(self.speaker.alphabet.character(id))
    }

    /// Reads what is unread. Where there is no room for it, the cache is filled anew, as by [`speak::Reader`].
    fn read(&mut self) -> Result<Tensor<(Vocab,)>, congruent::Error> {
        if self.letters_read() + self.unread > Positions.size() {
            self.cache.clear();
            self.attention.fill(Attention::new());
            self.unread = self.text.len().min(Positions.size() / 2);
        }
        let model = &self.speaker.model;
        bind!(query: Query = self.unread);
        let new = Cpu::from_slice((One, query), &self.text[self.text.len() - self.unread..])?;
        let attention = &mut self.attention;
        let hidden = self.cache.step(query, |step| {
            let (hidden, weights) = forward(model, &new, step);
            attention.iter_mut().zip(&weights).for_each(|(attention, weights)| attention.record(weights));
            hidden
        })?;
        let last = hidden.at(query, self.unread - 1)?;
        model.characters.logits(&last).at(One, 0)
    }

    /// The letters that the model sees: the rows of its attention.
    pub fn letters_read(&self) -> usize {
        self.cache.lengths()[0]
    }

    /// The letters that the model sees, from the first row of its attention on.
    pub fn seen(&self) -> String {
        let read = self.text.len() - self.unread;
        self.speaker.alphabet.decode(&self.text[read - self.letters_read()..read])
    }

    /// The attention of each layer.
    pub fn attention(&self) -> &[Attention] {
        &self.attention
    }
}
