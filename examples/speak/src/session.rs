//! A text that goes on for ever.

use super::model::{Cache, Model, Positions};
use congruent::backend::Backend;
use congruent::generate::Session;
use congruent::prelude::*;

dims! {
    One = 1;
    /// The characters that are read together.
    New;
}

/// A text that a model reads. When it is longer than what the model sees at once, the cache is filled anew with its last
/// characters, half of what there is room for.
pub struct Reader<'m, V, Bk: Backend = Cpu<f32>> {
    model: &'m Model<V, Bk>,
    cache: Cache<One, Bk>,
    text: Vec<Index<V>>,
}

impl<'m, V: Dense, Bk: Backend<Elem = f32>> Reader<'m, V, Bk> {
    /// An empty text.
    pub fn new(model: &'m Model<V, Bk>) -> Self {
        Reader { model, cache: model.cache(One), text: Vec::new() }
    }

    fn read(&mut self, new: &[Index<V>]) -> Result<Tensor<(V,), Bk>, Error> {
        self.text.extend_from_slice(new);
        let mut unread = new.len();
        if self.cache.lengths()[0] + unread > Positions.size() {
            self.cache.clear();
            unread = self.text.len().min(Positions.size() / 2);
        }
        bind!(seq: New = unread);
        let ids =
            Cpu::from_slice((One, seq), &self.text[self.text.len() - unread..])?.to_engine::<Bk>(&self.model.device());
        let hidden = self.cache.step(seq, |step| self.model.hidden_states(&ids, step))?;
        let last = hidden.at(seq, unread - 1)?;
        self.model.characters.logits(&last).at(One, 0)
    }
}

impl<V: Dense, Bk: Backend<Elem = f32>> Session<Bk> for Reader<'_, V, Bk> {
    type Vocab = V;

    fn vocab(&self) -> V {
        self.model.vocab()
    }
    fn context(&self) -> usize {
        usize::MAX
    }
    fn sequences(&self) -> usize {
        1
    }
    fn length(&self, _: usize) -> usize {
        self.text.len()
    }
    fn extend(&mut self, new: &[(usize, &[Index<V>])]) -> Result<Vec<Tensor<(V,), Bk>>, Error> {
        new.iter().map(|(_, new)| self.read(new)).collect()
    }
}
