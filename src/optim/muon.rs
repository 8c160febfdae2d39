//! Muon.

use super::{AdamW, Rule, State, added, check_settings, mixed, scaled};
use crate::backend::{ArrayOf, Backend, Binary, Float, composed, constant};

/// Muon ([Jordan et al. 2024](https://kellerjordan.github.io/posts/muon/)): the momentum of a matrix is replaced by the orthogonal
/// matrix next to it, nearly, so that a step is as long in all directions. What is no matrix takes the step of another rule.
///
/// A matrix is a parameter with two axes. Tables of tokens, positions and classes are such, and are better given to that other
/// rule too, by their paths:
///
/// ```
/// use congruent::nn::{Embedding, FeedForward};
/// use congruent::optim::{AdamW, Muon, Optimizer};
/// use congruent::prelude::*;
/// dims! { Vocab = 9; Embed = 4; Hidden = 8; }
///
/// #[derive(Module)]
/// struct Model {
///     embedding: Embedding<Vocab, Embed>,
///     hidden: FeedForward<Embed, Hidden>,
/// }
/// let rng = &mut Rng::with_seed(1);
/// let (embedding, hidden) = (Embedding::random(Vocab, Embed, rng), FeedForward::random(Embed, Hidden, rng));
/// let mut model = Model { embedding, hidden };
/// model.track();
/// let others = AdamW { learning_rate: 3e-4, ..AdamW::default() };
/// // Weights by Muon; biases, which are vectors, by the other rule.
/// let rule = Muon { learning_rate: 0.02, others, ..Muon::default() };
/// let mut optimizer = Optimizer::new(rule).group(others, |x| x.path().to_string().starts_with("embedding."));
/// let loss: Tensor<()> = model.hidden.forward(&model.embedding.weight).square().mean(Vocab).mean(Embed);
/// optimizer.step(&mut model, &loss.backward(), 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muon<R = AdamW> {
    /// The root mean square of a step of a square matrix, times the root of its rows.
    pub learning_rate: f64,
    /// How much of the running mean of the gradient stays from one step to the next.
    pub momentum: f64,
    /// Whether the step looks one further ahead.
    pub nesterov: bool,
    /// By how much a parameter falls by itself, in parts of itself and times the learning rate.
    pub weight_decay: f64,
    /// What the length of a step is for matrices that are not square.
    pub length: MuonLength,
    /// How often the matrix is brought nearer to an orthogonal one.
    pub iterations: usize,
    /// The rule for parameters that have not two axes.
    pub others: R,
}

/// By what the step of a matrix is multiplied, beside the learning rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MuonLength {
    /// `√max(1, rows / columns)`.
    #[default]
    Original,
    /// `0.2 · √max(rows, columns)`: the root mean square of a step is about that of AdamW's, so that learning rates of AdamW are right
    /// ([Liu et al. 2025](https://arxiv.org/abs/2502.16982)).
    AsAdamW,
}

/// PyTorch's values, and AdamW's for what is no matrix.
impl Default for Muon {
    fn default() -> Self {
        Muon {
            learning_rate: 1e-3,
            momentum: 0.95,
            nesterov: true,
            weight_decay: 0.1,
            length: MuonLength::default(),
            iterations: 5,
            others: AdamW::default(),
        }
    }
}

impl<B: Backend<Elem: Float>, R: Rule<B>> Rule<B> for Muon<R> {
    fn check(&self) {
        check_settings([("momentum", self.momentum)], 1.0);
        check_settings([("learning_rate", self.learning_rate), ("weight_decay", self.weight_decay)], f64::INFINITY);
        self.others.check();
    }

    fn is_elementwise(&self) -> bool {
        false
    }

    fn state(&self, sizes: &[usize]) -> Vec<Vec<usize>> {
        if sizes.len() == 2 { vec![sizes.to_vec()] } else { self.others.state(sizes) }
    }

    fn step(&self, parameter: ArrayOf<B>, gradient: ArrayOf<B>, state: &mut State<B>, factor: f64) -> ArrayOf<B> {
        let &[rows, columns] = B::sizes(&parameter) else {
            return self.others.step(parameter, gradient, state, factor);
        };
        if rows == 0 || columns == 0 {
            return parameter;
        }
        let mean = state.change(0, |mean| mixed::<B>(mean, gradient.clone(), self.momentum));
        let step = if self.nesterov { mixed::<B>(mean, gradient, self.momentum) } else { mean };
        let step = orthogonal::<B>(step, self.iterations);
        let rate = self.learning_rate * factor;
        let [rows, columns] = [rows, columns].map(|size| size as f64);
        let length = match self.length {
            MuonLength::Original => (rows / columns).max(1.0).sqrt(),
            MuonLength::AsAdamW => 0.2 * rows.max(columns).sqrt(),
        };
        added::<B>(scaled::<B>(parameter, 1.0 - rate * self.weight_decay), scaled::<B>(step, -rate * length))
    }
}

/// The matrix with singular values between about 0.7 and 1.2 in place of its own, by the iteration of Newton and Schulz with the
/// polynomial `a x + b x³ + c x⁵` of Jordan et al., which leaves zero fastest.
fn orthogonal<B: Backend<Elem: Float>>(x: ArrayOf<B>, iterations: usize) -> ArrayOf<B> {
    const COEFFICIENTS: [f64; 3] = [3.4445, -4.775, 2.0315];
    let [a, b, c] = COEFFICIENTS;
    let &[rows, columns] = B::sizes(&x) else { panic!("a matrix has two axes") };
    let transposed = |x: &ArrayOf<B>| B::permute(x, &[1, 0]);
    // The product with its transpose is the smaller of the two.
    let is_tall = rows > columns;
    let x = if is_tall { transposed(&x) } else { x };
    // Its largest singular value is at most 1 then; zeros stay zeros.
    let norm = composed::norm::<B>(&B::reshape(&x, &[rows * columns]), 0);
    let mut x = B::binary(Binary::Div, x, B::binary_scalar(Binary::Max, norm, constant(1e-7)));
    for _ in 0..iterations {
        let square = B::matmul(&x, &transposed(&x));
        let both = added::<B>(scaled::<B>(square.clone(), b), scaled::<B>(B::matmul(&square, &square), c));
        let next = B::matmul(&both, &x);
        x = added::<B>(scaled::<B>(x, a), next);
    }
    if is_tall { transposed(&x) } else { x }
}
