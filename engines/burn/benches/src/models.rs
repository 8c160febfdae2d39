//! Layers and models on a library without types: those of `typed.rs`, with the same parameters.

use crate::library::{Library, Pairs, Parameters, Training};

const EPSILON: f64 = 1e-5;

/// Tables for each token, then layers.
pub struct Model<L: Library> {
    library: L,
    heads: usize,
    parameters: Vec<L::Tensor>,
}

impl<L: Library> Model<L> {
    /// A model of parameters, of which the first so many are tables or norms.
    pub fn new(library: L, heads: usize, tables: usize, parameters: &Parameters) -> Self {
        let parameters = library.parameters(parameters, tables);
        Model { library, heads, parameters }
    }

    fn parameter(&self, at: usize) -> L::Tensor {
        self.parameters[at].clone()
    }

    /// `(batch, sequence, heads * d)` as `(batch, heads, sequence, d)`.
    fn split(&self, x: L::Tensor, heads: usize) -> L::Tensor {
        let sizes = self.library.sizes(&x);
        let split = self.library.reshape(x, &[sizes[0], sizes[1], heads, sizes[2] / heads]);
        self.library.swap(split, 1, 2)
    }

    fn merge(&self, x: L::Tensor) -> L::Tensor {
        let sizes = self.library.sizes(&x);
        self.library.reshape(self.library.swap(x, 1, 2), &[sizes[0], sizes[2], sizes[1] * sizes[3]])
    }

    /// An encoder layer whose parameters begin at `first`.
    pub fn encoder_layer(&self, first: usize, x: L::Tensor, forbidden: Option<L::Tensor>) -> L::Tensor {
        let (library, own) = (&self.library, |i: usize| self.parameter(first + i));
        let linear = |x: L::Tensor, i: usize| library.linear(x, own(i), Some(own(i + 1)));
        let heads = |i| self.split(linear(x.clone(), i), self.heads);
        let attended = self.merge(library.attention([heads(0), heads(2), heads(4)], forbidden, false));
        let x = library.layer_norm(library.add(linear(attended, 6), x.clone()), own(8), own(9), EPSILON);
        let hidden = library.gelu(linear(x.clone(), 10));
        library.layer_norm(library.add(linear(hidden, 12), x), own(14), own(15), EPSILON)
    }

    /// The means over so many tokens of each text.
    pub fn embed(&self, ids: L::Tensor, means: L::Tensor, forbidden: Option<L::Tensor>) -> L::Tensor {
        let library = &self.library;
        let x = library.rows(self.parameter(0), ids);
        let mut x = library.layer_norm(x, self.parameter(1), self.parameter(2), EPSILON);
        for first in (3..self.parameters.len()).step_by(16) {
            x = self.encoder_layer(first, x, forbidden.clone());
        }
        // A row that weighs the tokens, times the tokens.
        library.matmul(means, x)
    }

    /// Layers of the Llama family: `all` gives the keys and values that layer `i` attends to.
    fn llama(
        &self,
        mut x: L::Tensor,
        [cos, sin]: [L::Tensor; 2],
        pairs: Pairs,
        mut all: impl FnMut(usize, [L::Tensor; 2]) -> [L::Tensor; 2],
    ) -> L::Tensor {
        let library = &self.library;
        let last = self.parameters.len() - 1;
        let causal = library.sizes(&x)[1] > 1;
        for (layer, first) in (1..last).step_by(9).enumerate() {
            let own = |i: usize| self.parameter(first + i);
            let linear = |x: &L::Tensor, i: usize| library.linear(x.clone(), own(i), None);
            let turned = |x| library.rotate(x, cos.clone(), sin.clone(), pairs);
            let normed = library.rms_norm(x.clone(), own(0), EPSILON);
            let key = linear(&normed, 2);
            let key_heads = self.heads * library.sizes(&key)[2] / library.sizes(&x)[2];
            let q = turned(self.split(linear(&normed, 1), self.heads));
            let [k, v] = all(layer, [turned(self.split(key, key_heads)), self.split(linear(&normed, 3), key_heads)]);
            let attended = self.merge(library.attention([q, k, v], None, causal));
            x = library.add(linear(&attended, 4), x);
            let normed = library.rms_norm(x.clone(), own(5), EPSILON);
            let hidden = library.mul(library.silu(linear(&normed, 6)), linear(&normed, 7));
            x = library.add(linear(&hidden, 8), x);
        }
        library.rms_norm(x, self.parameter(last), EPSILON)
    }

    /// The logits of one token, for which the caches `(1, key heads, room, d)` of each layer have `past` positions. The angles
    /// are those of its position.
    pub fn decode(
        &self,
        id: u32,
        angles: [L::Tensor; 2],
        past: usize,
        caches: &mut [Option<[L::Tensor; 2]>],
    ) -> L::Tensor {
        let library = &self.library;
        let x = library.rows(self.parameter(0), library.ids(&[id], &[1, 1]));
        let x = self.llama(x, angles, Pairs::Interleaved, |layer, new| {
            let held = caches[layer].take().expect("a step leaves the caches");
            let mut new = new.into_iter();
            let held = held.map(|held| library.write(held, new.next().expect("keys, then values"), 2, past));
            caches[layer] = Some(held.clone());
            held.map(|held| library.narrow(held, 2, 0, past + 1))
        });
        library.tied(x, self.parameter(0))
    }
}

/// A language model in training.
pub struct Trained<L: Training> {
    model: Model<L>,
    optimizer: L::Optimizer,
}

impl<L: Training> Trained<L> {
    /// Before the first step.
    pub fn new(mut model: Model<L>) -> Self {
        let parameters = std::mem::take(&mut model.parameters).into_iter();
        model.parameters = parameters.map(|x| model.library.tracked(x)).collect();
        let optimizer = model.library.optimizer(&model.parameters);
        Trained { model, optimizer }
    }

    /// One step: the loss before it.
    pub fn step(&mut self, ids: L::Tensor, targets: L::Tensor, angles: [L::Tensor; 2]) -> L::Tensor {
        let Trained { model, optimizer } = self;
        let library = &model.library;
        let x = library.rows(model.parameter(0), ids);
        let x = model.llama(x, angles, Pairs::Halves, |_, new| new);
        let logits = library.tied(x, model.parameter(0));
        let sizes = library.sizes(&logits);
        let logits = library.reshape(logits, &[sizes[0] * sizes[1], sizes[2]]);
        let loss = library.cross_entropy(logits, targets);
        model.parameters = library.step(&loss, std::mem::take(&mut model.parameters), optimizer);
        loss
    }
}
