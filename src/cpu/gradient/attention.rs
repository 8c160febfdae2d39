//! The backward pass of attention, a block of queries at a time: the matrix of weights is never materialised.

use crate::backend::{Binary, Float, Real};
use crate::cpu::array::Array;
use crate::cpu::kernels::{InOut, Matrix, Operand, all_widened, generic, write};
use crate::cpu::ops::key_mask::{KeyMask, Mask};
use crate::cpu::parallel::{cores, for_each_chunk};
use num_traits::{Float as _, Zero};
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

/// The gradients that depend on one key head.
struct Part<'a, T> {
    /// Of the queries of the heads that share it.
    grad_q: &'a mut [T],
    grad_k: &'a mut [T],
    grad_v: &'a mut [T],
}

/// The inputs of the backward pass.
struct Inputs<'a, T: Float> {
    q: &'a Array<T>,
    k: &'a Array<T>,
    v: Option<&'a Array<T>>,
    gradient: &'a Array<T>,
    mask: KeyMask<'a>,
    scale: T::Wide,
    group: usize,
}

/// Of queries, keys and values; without values, of the weights. The weights are calculated once more, by the softmax that calculated them before.
///
/// What is masked has no part in it, whatever it is: neither keys and values that nothing may attend to, nor queries whose
/// result nothing depends on. A row of scores has the gradient `weights · (g - sum(weights · g))`. The sum is that of the
/// result and its gradient too, but the result is rounded: with 8 digits, the difference can be all error.
pub fn attention<T: Float>(
    [q, k]: [&Array<T>; 2],
    v: Option<&Array<T>>,
    mask: &Mask,
    scale: f64,
    gradient: &Array<T>,
) -> [Array<T>; 3] {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _]) = (q.sizes(), k.sizes()) else {
        unreachable!("queries and keys have four axes");
    };
    let key_mask = KeyMask::new(mask, batch, queries, keys);
    let group = heads / key_heads.max(1);
    let e = v.map_or(0, |v| v.sizes()[3]);
    let inputs = Inputs { q, k, v, gradient, mask: key_mask, scale: T::Wide::constant(scale), group };
    let (mut grad_k, mut grad_v) = (None, None);
    let grad_q = Array::build(q.sizes(), |mut q| {
        grad_k = Some(Array::build(k.sizes(), |mut k| {
            grad_v = Some(Array::build(&[batch, key_heads, keys, e], |mut v| {
                let mut parts = Vec::with_capacity(batch * key_heads);
                for _ in 0..batch * key_heads {
                    let grad_q = take(&mut q, group * queries * d);
                    parts.push(Part { grad_q, grad_k: take(&mut k, keys * d), grad_v: take(&mut v, keys * e) });
                }
                let work = group * queries * keys * (3 * d + 2 * e) / 16;
                let backward = |at: usize, Part { grad_q, grad_k, grad_v }: &mut Part<'_, T>| {
                    let place = [at / key_heads, at % key_heads];
                    write(grad_q, |grad_q| {
                        write(grad_k, |grad_k| {
                            write(grad_v, |grad_v| inputs.backward_head(place, grad_q, grad_k, grad_v))
                        });
                    });
                };
                if parts.len() >= cores() {
                    for_each_chunk(&mut parts, 1, work, |at, parts| {
                        parts.iter_mut().for_each(|part| backward(at, part));
                    });
                } else {
                    // The products of each are shared by themselves.
                    parts.iter_mut().enumerate().for_each(|(at, part)| backward(at, part));
                }
            }));
        }));
    });
    [grad_q, grad_k.expect("it was built"), grad_v.expect("it was built")]
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
        grad_q: &mut [T::Wide],
        grad_k: &mut [T::Wide],
        grad_v: &mut [T::Wide],
    ) {
        let (queries, d, e) = (self.q.sizes()[2], self.q.sizes()[3], self.value_size());
        let keys_and_values = self.keys_and_values(batch, key_head);
        for gradient in [&mut *grad_q, &mut *grad_k, &mut *grad_v] {
            gradient.fill(T::Wide::zero());
        }
        for head in 0..self.group {
            for first in (0..queries).step_by(QUERIES) {
                let count = QUERIES.min(queries - first);
                let range = self.mask.range_of_all(batch, first..first + count);
                if range.is_empty() {
                    continue;
                }
                let place = [batch, key_head * self.group + head, first];
                let grad_q = &mut grad_q[(head * queries + first) * d..][..count * d];
                let grad_k = &mut grad_k[range.start * d..range.end * d];
                let grad_v = &mut grad_v[range.start * e..range.end * e];
                self.block(place, count, range, &keys_and_values, [grad_q, grad_k, grad_v]);
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
    ) {
        let zero = T::Wide::zero();
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
        for (query, weights) in weights.chunks_exact_mut(keys).enumerate() {
            if unused[query] {
                weights.fill(zero);
                continue;
            }
            generic::binary(Binary::Mul, InOut::in_place(weights), Operand::Scalar(self.scale), false);
            self.mask.softmax(place[0], place[2] + query, range.start, weights);
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
        generic::softmax_backward(&weights, &mut grad_scores, keys);
        generic::binary(Binary::Mul, InOut::in_place(&mut grad_scores), Operand::Scalar(self.scale), false);
        generic::multiply([count, keys, d], row_major(&grad_scores, keys), k, grad_q);
        add(grad_k, &product([keys, count, d], row_major(&grad_scores, keys).transposed(), row_major(&q, d)));
    }
}
