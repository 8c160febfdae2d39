//! The backward pass of attention, a block of queries at a time: the matrix of weights is never materialised.

use super::reduce::sum_to;
use crate::backend::{Binary, Float, Real};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Matrix, Operand, all_widened, generic, write};
use crate::cpu::ops::key_mask::Mask;
use crate::cpu::ops::scores::{Options, Scores};
use crate::cpu::parallel::{cores, for_each_chunk};
use num_traits::{Float as _, One, Zero};
use std::ops::Range;

/// The queries of a head that are taken at a time.
const QUERIES: usize = 128;

/// Keys and values of one head.
struct KeysAndValues<T> {
    k: Vec<T>,
    v: Vec<T>,
    /// The keys whose row, or that of their value, is not finite: it is replaced by zeros.
    nonfinite: Vec<usize>,
}

/// The gradients that depend on one key head of a sequence.
struct Part<'a, T> {
    /// The sequence, and the head.
    place: [usize; 2],
    /// Of the queries of the heads that share it.
    grad_q: &'a mut [T],
    grad_k: &'a mut [T],
    grad_v: &'a mut [T],
}

/// What attention is recorded with.
pub struct Saved<T> {
    pub q: Array<T>,
    pub k: Array<T>,
    /// Without values, it is the weights.
    pub v: Option<Array<T>>,
    pub mask: Mask,
    pub scale: f64,
    pub soft_cap: Option<f64>,
    pub bias: Option<Array<T>>,
    pub sinks: Option<Array<T>>,
}

impl<T: Float> Saved<T> {
    pub fn new(q: &Array<T>, k: &Array<T>, v: Option<&Array<T>>, mask: &Mask, options: Options<'_, T>) -> Self {
        let Options { scale, soft_cap, bias, sinks, factors } = options;
        assert!(factors.is_none(), "weights and factors are multiplied by an operation of its own");
        let saved = |x: &Array<T>| x.saved();
        let (v, bias, sinks) = (v.map(saved), bias.map(saved), sinks.map(saved));
        Saved { q: q.saved(), k: k.saved(), v, mask: mask.clone(), scale, soft_cap, bias, sinks }
    }
}

/// The inputs of the backward pass.
struct Inputs<'a, T: Float> {
    q: &'a Array<T>,
    k: &'a Array<T>,
    v: Option<&'a Array<T>>,
    gradient: &'a Array<T>,
    scores: Scores<'a, T>,
    group: usize,
}

/// The gradients of what is added to scores: of the bias for each query and key of some heads, if it is wanted, and of the sinks of
/// these heads.
struct OfScores<'a, T> {
    bias: Option<&'a mut [T]>,
    sinks: &'a mut [T],
}

/// Of queries, keys, values, bias and sinks, as far as these are given. The weights are calculated once more, by the softmax that
/// calculated them before.
///
/// What is masked has no part in it, whatever it is: neither keys and values that nothing may attend to, nor queries whose
/// result nothing depends on. A row of scores has the gradient `weights · (g - sum(weights · g))`. The sum is that of the
/// result and its gradient too, but the result is rounded: with 8 digits, the difference can be all error.
pub fn attention<T: Float>(saved: &Saved<T>, gradient: &Array<T>, needs_grad: &[bool]) -> Vec<Option<Array<T>>> {
    let Saved { q, k, v, mask, scale, soft_cap, bias, sinks } = saved;
    let (v, bias) = (v.as_ref(), bias.as_ref());
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _]) = (q.sizes(), k.sizes()) else {
        unreachable!("queries and keys have four axes");
    };
    let options = Options { scale: *scale, soft_cap: *soft_cap, bias, sinks: sinks.as_ref(), factors: None };
    let group = heads / key_heads.max(1);
    let e = v.map_or(0, |v| v.sizes()[3]);
    let scores = Scores::new(mask, options, [batch, heads, queries, keys]);
    let inputs = Inputs { q, k, v, gradient, scores, group };
    // What is one bias for all sequences has one gradient, to which they add one after another.
    let bias = bias.filter(|_| needs_grad[if v.is_some() { 3 } else { 2 }]);
    let is_shared = bias.is_some_and(|bias| bias.sizes().len() < 4 || bias.sizes()[0] == 1);
    let biases = if is_shared { 1 } else { batch };
    let size = group * queries * keys;
    let mut grad_bias = vec![T::Wide::zero(); bias.map_or(0, |_| biases * key_heads * size)];
    let mut grad_sinks = vec![T::Wide::zero(); batch * heads];
    let (mut grad_k, mut grad_v) = (None, None);
    let grad_q = Array::build(q.sizes(), |mut q| {
        grad_k = Some(Array::build(k.sizes(), |mut k| {
            grad_v = Some(Array::build(&[batch, key_heads, keys, e], |mut v| {
                let (mut of_bias, mut of_sinks) = (&mut grad_bias[..], &mut grad_sinks[..]);
                let mut tasks: Vec<(Vec<_>, Option<&mut [T::Wide]>)> = Vec::new();
                tasks
                    .resize_with(biases * key_heads, || (Vec::new(), bias.is_some().then(|| take(&mut of_bias, size))));
                for place in (0..batch * key_heads).map(|at| [at / key_heads, at % key_heads]) {
                    let grad_q = take(&mut q, group * queries * d);
                    let part = Part { place, grad_q, grad_k: take(&mut k, keys * d), grad_v: take(&mut v, keys * e) };
                    let task = if is_shared { place[1] } else { place[0] * key_heads + place[1] };
                    tasks[task].0.push((part, take(&mut of_sinks, group)));
                }
                let work = batch / biases.max(1) * group * queries * keys * (3 * d + 2 * e) / 16;
                let backward = |(parts, bias): &mut (Vec<(Part<'_, T>, &mut [T::Wide])>, Option<&mut [T::Wide]>)| {
                    for (Part { place, grad_q, grad_k, grad_v }, sinks) in parts {
                        let mut of_scores = OfScores { bias: bias.as_deref_mut(), sinks };
                        write(grad_q, |grad_q| {
                            write(grad_k, |grad_k| {
                                write(grad_v, |grad_v| {
                                    inputs.backward_head(*place, [grad_q, grad_k, grad_v], &mut of_scores);
                                });
                            });
                        });
                    }
                };
                if tasks.len() >= cores() {
                    for_each_chunk(&mut tasks, 1, work, |_, tasks| tasks.iter_mut().for_each(backward));
                } else {
                    // The products of each are shared by themselves.
                    tasks.iter_mut().for_each(backward);
                }
            }));
        }));
    });
    let grad_v = v.map(|_| grad_v);
    let grad_bias =
        saved.bias.as_ref().map(|like| bias.map(|_| summed(grad_bias, &[biases, heads, queries, keys], like.sizes())));
    let grad_sinks = saved.sinks.as_ref().map(|_| Some(summed(grad_sinks, &[batch, heads], &[heads])));
    [Some(grad_q), grad_k].into_iter().chain(grad_v).chain(grad_bias).chain(grad_sinks).collect()
}

/// The sum over what was repeated of these sizes, counted from the end.
fn summed<T: Float>(gradient: Vec<T::Wide>, of: &[usize], sizes: &[usize]) -> Array<T> {
    // What sizes do not name was repeated, or it is 1.
    let new_axes = vec![1; of.len() - sizes.len()];
    let sum = sum_to(Array::from_vec(gradient, of), &[&new_axes, sizes].concat());
    Array::from_vec(sum.elements().iter().map(|&x| T::rounded(x)).collect(), sizes)
}

/// The first elements of the rest.
fn take<'a, T>(rest: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    let (first, others) = std::mem::take(rest).split_at_mut(count);
    *rest = others;
    first
}

/// Row-major rows of one head of an array, from the first one on.
fn rows<T: Float>(x: &Array<T>, [batch, head, first]: [usize; 3], count: usize) -> Vec<T::Wide> {
    let rows = x.narrow(0, batch, 1).narrow(1, head, 1).narrow(2, first, count);
    all_widened(&rows.elements()).into_owned()
}

fn row_major<T>(elements: &[T], columns: usize) -> Matrix<'_, T> {
    Matrix { elements, strides: [columns, 1] }
}

fn product<T: Real>(size: [usize; 3], x: Matrix<'_, T>, y: Matrix<'_, T>) -> Vec<T> {
    let mut product = vec![T::zero(); size[0] * size[2]];
    generic::multiply(size, x, y, &mut product);
    product
}

fn add<T: Real>(sum: &mut [T], addend: &[T]) {
    generic::binary(Binary::Add, InOut::in_place(sum), Operand::Slice(addend), false);
}

impl<T: Float> Inputs<'_, T> {
    fn backward_head(
        &self,
        [batch, key_head]: [usize; 2],
        [grad_q, grad_k, grad_v]: [&mut [T::Wide]; 3],
        OfScores { bias, sinks }: &mut OfScores<'_, T::Wide>,
    ) {
        let (queries, keys) = (self.q.sizes()[2], self.k.sizes()[2]);
        let (d, e) = (self.q.sizes()[3], self.value_size());
        let keys_and_values = self.keys_and_values(batch, key_head);
        for gradient in [&mut *grad_q, &mut *grad_k, &mut *grad_v] {
            gradient.fill(T::Wide::zero());
        }
        for head in 0..self.group {
            for first in (0..queries).step_by(QUERIES) {
                let count = QUERIES.min(queries - first);
                let range = self.scores.mask.range_of_all(batch, first..first + count);
                if range.is_empty() {
                    continue;
                }
                let place = [batch, key_head * self.group + head, first];
                let grad_q = &mut grad_q[(head * queries + first) * d..][..count * d];
                let grad_k = &mut grad_k[range.start * d..range.end * d];
                let grad_v = &mut grad_v[range.start * e..range.end * e];
                let rows = (head * queries + first) * keys..(head * queries + first + count) * keys;
                let mut of_scores = OfScores {
                    bias: bias.as_deref_mut().map(|bias| &mut bias[rows]),
                    sinks: &mut sinks[head..head + 1],
                };
                self.block(place, count, range, &keys_and_values, [grad_q, grad_k, grad_v], &mut of_scores);
            }
        }
    }

    fn value_size(&self) -> usize {
        self.v.map_or(0, |v| v.sizes()[3])
    }

    /// Where a key is not finite and attended to, the weights are not numbers, nor is what is calculated of them; where it is
    /// masked, a product with zeros in its place is zero, which it would not be with an infinity.
    fn keys_and_values(&self, batch: usize, key_head: usize) -> KeysAndValues<T::Wide> {
        let keys = self.k.sizes()[2];
        let all = |x| rows(x, [batch, key_head, 0], keys);
        let (mut k, mut v) = (all(self.k), self.v.map(all).unwrap_or_default());
        let (d, e) = (self.k.sizes()[3], self.value_size());
        let is_finite = |row: &[T::Wide]| row.iter().all(|x| x.is_finite());
        let is_nonfinite = |key: &usize| !is_finite(&k[key * d..][..d]) || !is_finite(&v[key * e..][..e]);
        let nonfinite: Vec<usize> = (0..keys).filter(is_nonfinite).collect();
        for key in &nonfinite {
            k[key * d..][..d].fill(T::Wide::zero());
            v[key * e..][..e].fill(T::Wide::zero());
        }
        KeysAndValues { k, v, nonfinite }
    }

    /// What so many queries of a head from the given place on add, and the keys that they may attend to.
    fn block(
        &self,
        place: [usize; 3],
        count: usize,
        range: Range<usize>,
        KeysAndValues { k, v, nonfinite }: &KeysAndValues<T::Wide>,
        [grad_q, grad_k, grad_v]: [&mut [T::Wide]; 3],
        of_scores: &mut OfScores<'_, T::Wide>,
    ) {
        let (zero, one) = (T::Wide::zero(), T::Wide::one());
        let (d, e, keys) = (self.q.sizes()[3], self.value_size(), range.len());
        let [mut q, gradient] = [self.q, self.gradient].map(|x| rows(x, place, count));
        let (k, v) = (row_major(&k[range.start * d..], d), row_major(&v[range.start * e..], e));
        let width = gradient.len() / count;
        let is_unused = |query: usize| gradient[query * width..][..width].iter().all(|&x| x == zero);
        let unused: Vec<bool> = (0..count).map(is_unused).collect();
        for query in (0..count).filter(|&query| unused[query]) {
            q[query * d..][..d].fill(zero);
        }
        let mut weights = product([count, d, keys], row_major(&q, d), k.transposed());
        let mut slopes = vec![zero; self.scores.soft_cap.map_or(0, |_| weights.len())];
        let mut of_sink = vec![zero; count];
        for (query, weights) in weights.chunks_exact_mut(keys).enumerate() {
            if unused[query] {
                weights.fill(zero);
                continue;
            }
            self.scores.scaled(weights);
            if let Some(cap) = self.scores.soft_cap {
                // The derivative of `cap · tanh(x / cap)`.
                let slopes = slopes[query * keys..].iter_mut().zip(&*weights);
                slopes.for_each(|(slope, &score)| *slope = one - (score / cap) * (score / cap));
            }
            of_sink[query] = self.scores.softmax([place[0], place[1], place[2] + query], range.start, weights);
            if nonfinite.iter().any(|key| range.contains(key) && weights[key - range.start] != zero) {
                weights.fill(T::Wide::nan());
            }
        }

        let mut grad_scores = if self.v.is_some() {
            let by_key = row_major(&weights, keys).transposed();
            add(grad_v, &product([keys, count, e], by_key, row_major(&gradient, e)));
            product([count, e, keys], row_major(&gradient, e), v.transposed())
        } else {
            gradient.chunks_exact(width).flat_map(|row| &row[range.clone()]).copied().collect()
        };
        // The result falls by what the sink takes of it.
        for (query, of_sink) in of_sink.into_iter().enumerate().filter(|(_, of_sink)| *of_sink != zero) {
            let row = query * keys..(query + 1) * keys;
            let products = weights[row.clone()].iter().zip(&grad_scores[row]).map(|(&weight, &g)| weight * g);
            of_scores.sinks[0] = of_scores.sinks[0] - of_sink * products.fold(zero, |sum, x| sum + x);
        }
        generic::softmax_backward(&weights, &mut grad_scores, keys);
        if let Some(bias) = of_scores.bias.as_deref_mut() {
            let rows = bias.chunks_exact_mut(self.k.sizes()[2]).zip(grad_scores.chunks_exact(keys));
            rows.for_each(|(bias, grad_scores)| add(&mut bias[range.clone()], grad_scores));
        }
        if !slopes.is_empty() {
            generic::binary(Binary::Mul, InOut::in_place(&mut grad_scores), Operand::Slice(&slopes), false);
        }
        let scale = Operand::Scalar(self.scores.scale);
        generic::binary(Binary::Mul, InOut::in_place(&mut grad_scores), scale, false);
        generic::multiply([count, keys, d], row_major(&grad_scores, keys), k, grad_q);
        add(grad_k, &product([keys, count, d], row_major(&grad_scores, keys).transposed(), row_major(&q, d)));
    }
}
