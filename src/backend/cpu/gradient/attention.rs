//! Gradients of attention, a block of queries at a time: the whole matrix of weights is never held.

use super::super::array::Array;
use super::super::live::LiveKeys;
use super::super::matmul::Matrix;
use super::super::parallel::for_each_chunk;
use super::rows::sum_pairs;
use crate::backend::{AttentionMask, Float, Number, Real};
use num_traits::Zero;

/// The queries of a head that are taken at a time.
const QUERIES: usize = 64;

/// The gradients that one key head has a part in.
struct Part<'a, T> {
    /// Of the queries of the heads that share it.
    of_q: &'a mut [T],
    of_k: &'a mut [T],
    of_v: &'a mut [T],
}

/// What was attended to, by what, and what came of it.
struct Inputs<'a, T: Float> {
    q: &'a Array<T>,
    k: &'a Array<T>,
    v: &'a Array<T>,
    result: &'a Array<T>,
    gradient: &'a Array<T>,
    live: LiveKeys<'a>,
    scale: T::Wide,
    group: usize,
}

/// Of queries, keys and values. The weights are calculated once more, by the softmax that calculated them before.
///
/// What is masked has no part in it, whatever it is: neither keys and values that nothing may attend to, nor queries whose
/// result nothing depends on.
pub fn attention<T: Float>(
    [q, k, v, result]: [&Array<T>; 4],
    mask: &AttentionMask,
    scale: f64,
    gradient: &Array<T>,
) -> [Array<T>; 3] {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _], &[.., e]) = (q.sizes(), k.sizes(), v.sizes()) else {
        unreachable!("queries, keys and values have four axes");
    };
    let live = LiveKeys::new(mask, batch, queries, keys);
    let group = heads / key_heads.max(1);
    let inputs = Inputs { q, k, v, result, gradient, live, scale: T::Wide::constant(scale), group };
    let (mut of_k, mut of_v) = (None, None);
    let of_q = Array::build(q.sizes(), |mut q| {
        of_k = Some(Array::build(k.sizes(), |mut k| {
            of_v = Some(Array::build(v.sizes(), |mut v| {
                let mut parts = Vec::with_capacity(batch * key_heads);
                for _ in 0..batch * key_heads {
                    let of_q = take(&mut q, group * queries * d);
                    parts.push(Part { of_q, of_k: take(&mut k, keys * d), of_v: take(&mut v, keys * e) });
                }
                let work = group * queries * keys * (3 * d + 2 * e) / 16;
                for_each_chunk(&mut parts, 1, work, |at, parts| {
                    for Part { of_q, of_k, of_v } in parts {
                        let place = [at / key_heads, at % key_heads];
                        T::write(of_q, |of_q| {
                            T::write(of_k, |of_k| T::write(of_v, |of_v| inputs.go_back(place, of_q, of_k, of_v)));
                        });
                    }
                });
            }));
        }));
    });
    [of_q, of_k.expect("it was built"), of_v.expect("it was built")]
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
    T::all_widened(&rows.elements()).into_owned()
}

/// Zeros in place of rows that are not finite. Where such a row is attended to, the result is not finite either, and with
/// it each gradient that the row has a part in.
fn without_infinities<T: Real>(mut rows: Vec<T>, size: usize) -> Vec<T> {
    let spoiled = rows.chunks_exact_mut(size.max(1)).filter(|row| row.iter().any(|x| !x.is_finite()));
    spoiled.for_each(|row| row.fill(T::zero()));
    rows
}

fn row_major<T>(elements: &[T], columns: usize) -> Matrix<'_, T> {
    Matrix { elements, strides: [columns, 1] }
}

fn product<T: Real>(size: [usize; 3], x: Matrix<'_, T>, y: Matrix<'_, T>) -> Vec<T> {
    let mut product = vec![T::zero(); size[0] * size[2]];
    T::multiply(size, x, y, &mut product);
    product
}

fn add<T: Real>(sum: &mut [T], addend: &[T]) {
    sum.iter_mut().zip(addend).for_each(|(sum, &x)| *sum = *sum + x);
}

impl<T: Float> Inputs<'_, T> {
    fn go_back(&self, [batch, key_head]: [usize; 2], of_q: &mut [T::Wide], of_k: &mut [T::Wide], of_v: &mut [T::Wide]) {
        let (queries, d, keys, e) = (self.q.sizes()[2], self.q.sizes()[3], self.k.sizes()[2], self.v.sizes()[3]);
        let k = without_infinities(rows(self.k, [batch, key_head, 0], keys), d);
        let v = without_infinities(rows(self.v, [batch, key_head, 0], keys), e);
        for gradient in [&mut *of_q, &mut *of_k, &mut *of_v] {
            gradient.fill(T::Wide::zero());
        }
        for head in 0..self.group {
            for first in (0..queries).step_by(QUERIES) {
                let count = QUERIES.min(queries - first);
                let live = self.live.range_of_all(batch, first..first + count);
                if live.is_empty() {
                    continue;
                }
                let place = [batch, key_head * self.group + head, first];
                let of_q = &mut of_q[(head * queries + first) * d..][..count * d];
                let of_k = &mut of_k[live.start * d..live.end * d];
                let of_v = &mut of_v[live.start * e..live.end * e];
                let (k, v) = (&k[live.start * d..live.end * d], &v[live.start * e..live.end * e]);
                self.block(place, [count, live.len(), live.start], [k, v], [of_q, of_k, of_v]);
            }
        }
    }

    /// What some queries of a head add, of which the place is given, with as many live keys from the first one on.
    fn block(
        &self,
        place: [usize; 3],
        [count, keys, first_key]: [usize; 3],
        [k, v]: [&[T::Wide]; 2],
        [of_q, of_k, of_v]: [&mut [T::Wide]; 3],
    ) {
        let zero = T::Wide::zero();
        let (d, e) = (self.q.sizes()[3], self.v.sizes()[3]);
        let [mut q, gradient, result] = [self.q, self.gradient, self.result].map(|x| rows(x, place, count));
        let (k, v) = (row_major(k, d), row_major(v, e));
        let idle: Vec<bool> = (0..count).map(|query| gradient[query * e..][..e].iter().all(|&x| x == zero)).collect();
        for query in (0..count).filter(|&query| idle[query]) {
            q[query * d..][..d].fill(zero);
        }
        let mut weights = product([count, d, keys], row_major(&q, d), k.transposed());
        for (query, weights) in weights.chunks_exact_mut(keys).enumerate() {
            if idle[query] {
                weights.fill(zero);
                continue;
            }
            weights.iter_mut().for_each(|score| *score = *score * self.scale);
            self.live.softmax(place[0], place[2] + query, first_key, weights);
        }
        let by_key = row_major(&weights, keys).transposed();
        add(of_v, &product([keys, count, e], by_key, row_major(&gradient, e)));

        // Of the scores, which softmax made weights of.
        let mut of_scores = product([count, e, keys], row_major(&gradient, e), v.transposed());
        for (query, of_scores) in of_scores.chunks_exact_mut(keys).enumerate() {
            let mean = sum_pairs(&gradient[query * e..][..e], &result[query * e..][..e], |x, y| x * y);
            for (x, &weight) in of_scores.iter_mut().zip(&weights[query * keys..]) {
                *x = if weight == zero { zero } else { weight * (*x - mean) * self.scale };
            }
        }
        T::Wide::multiply([count, keys, d], row_major(&of_scores, keys), k, of_q);
        add(of_k, &product([keys, count, d], row_major(&of_scores, keys).transposed(), row_major(&q, d)));
    }
}
