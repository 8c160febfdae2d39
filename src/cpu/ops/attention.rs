//! Attention, a block of queries at a time: the matrix of scores is never materialised.

mod pairs;
mod rows;

use super::elementwise::rows_of_chunk;
use super::key_mask::{KeyMask, Mask};
use super::matmul::matmul;
use super::scores::{Options, Scores};
use crate::backend::Float;
use crate::cpu::array::Array;
use crate::cpu::kernels::simd::{Block, FEW_KEYS, NarrowedRows, ValidKeys};
use crate::cpu::kernels::{InOut, Matrix, calculate, generic};
use crate::cpu::parallel::{cores, for_each_chunk};
use num_traits::{Float as _, Zero};
use rows::{is_zero_copy, narrowed_rows, rows, with_contiguous_rows};
use std::borrow::Cow;
use std::ops::Range;

/// The most queries in a block, for which keys and values are read once.
const MAX_QUERIES: usize = 256;
/// The fewest queries in a block, if there are many cores: the lanes of two vectors.
const MIN_QUERIES: usize = 32;
/// Heads are batched until they are at least so much work, in elementary operations.
const MIN_WORK: usize = 1 << 15;

/// The result is stored as `(batch, queries, heads, e)`, so that merging the heads copies nothing.
pub fn attention<T: Float>(q: &Array<T>, k: &Array<T>, v: &Array<T>, mask: &Mask, options: Options<'_, T>) -> Array<T> {
    if generic::has_pairs::<T>() {
        let [q, k, v] = [q, k, v].map(with_contiguous_rows);
        return attend_to_all(Inputs::new(&q, &k, &v, mask, options));
    }
    attend_to_all(Inputs::new(q, k, v, mask, options))
}

fn attend_to_all<T: Float>(inputs: Inputs<'_, T>) -> Array<T> {
    let [batch, _, queries, _] = inputs.sizes;
    // So many that all cores finish at about the same time: four for each, or an equal number for each, at least two.
    let enough = |parts: usize| parts >= 4 * cores() || parts >= 2 * cores() && parts.is_multiple_of(cores());
    let mut block_len = MAX_QUERIES;
    while block_len > MIN_QUERIES && !enough(batch * queries.div_ceil(block_len)) {
        block_len /= 2;
    }
    inputs.attend(block_len)
}

/// The attention weights, as one matrix.
pub fn weights<T: Float>(q: &Array<T>, k: &Array<T>, mask: &Mask, options: Options<'_, T>) -> Array<T> {
    let (&[batch, heads, queries, d], &[_, key_heads, keys, _]) = (q.sizes(), k.sizes()) else {
        panic!("queries and keys have four axes");
    };
    // The query heads that share a key head stand side by side: they are more queries of that head.
    let shared = heads.checked_div(key_heads).unwrap_or(0) * queries;
    let products = matmul(&q.reshape(&[batch, key_heads, shared, d]), &k.permute(&[0, 1, 3, 2]));
    let products = products.reshape(&[batch, heads, queries, keys]);
    let scores = Scores::new(mask, options, [batch, heads, queries, keys]);
    let rows = rows_of_chunk(keys);
    products.transform(rows * keys, rows * keys * 16, |chunk, products| {
        calculate(products, |products| {
            for (row, products) in (chunk * rows..).zip(products.chunks(keys)) {
                let (place, row) = ([row / queries / heads, row / queries % heads, row % queries], products.copied());
                scores.scaled(row);
                scores.softmax(place, 0, row);
            }
        });
    })
}

/// A work item: a block of queries of one sequence.
struct Part<'a, T> {
    batch: usize,
    first_query: usize,
    /// `(queries, heads, e)`.
    out: &'a mut [T],
}

/// Queries, keys and values, and what may attend to what.
struct Inputs<'a, T: Float> {
    q: &'a Array<T>,
    k: &'a Array<T>,
    v: &'a Array<T>,
    scores: Scores<'a, T>,
    /// Of the result: batch, heads, queries, and a value's.
    sizes: [usize; 4],
    /// The heads of the queries that share a key head.
    group: usize,
}

impl<'a, T: Float> Inputs<'a, T> {
    fn new(q: &'a Array<T>, k: &'a Array<T>, v: &'a Array<T>, mask: &'a Mask, options: Options<'a, T>) -> Self {
        let (&[batch, heads, queries, d], &[_, key_heads, keys, _], &[.., e]) = (q.sizes(), k.sizes(), v.sizes())
        else {
            panic!("queries, keys and values have four axes");
        };
        assert_eq!(k.sizes(), [batch, key_heads, keys, d], "keys for queries {:?}", q.sizes());
        assert_eq!(v.sizes(), [batch, key_heads, keys, e], "values for keys {:?}", k.sizes());
        assert!(heads == 0 || heads.is_multiple_of(key_heads), "{heads} query heads share {key_heads} key heads");
        let scores = Scores::new(mask, options, [batch, heads, queries, keys]);
        Inputs { q, k, v, scores, sizes: [batch, heads, queries, e], group: heads / key_heads.max(1) }
    }

    /// The result, at most so many queries at a time.
    fn attend(&self, block_len: usize) -> Array<T> {
        let [batch, heads, queries, e] = self.sizes;
        let out = Array::build(&[batch, queries, heads, e], |out| {
            if queries == 1 {
                return self.attend_one_query(out);
            }
            let mut parts = self.parts(out, block_len);
            if self.scores.mask.causal {
                // Later queries are more work. With them first, all cores finish at about the same time.
                parts.reverse();
            }
            let largest = parts.iter().map(|part| part.out.len()).max().unwrap_or(0);
            let work = largest / e.max(1) / self.group.max(1) * self.work();
            for_each_chunk(&mut parts, 1, work, |_, parts| {
                for part in parts {
                    self.attend_block([part.batch, part.first_query], 0..heads / self.group, part.out);
                }
            });
        });
        out.permute(&[0, 2, 1, 3])
    }

    /// The result of one query of each sequence: some of its heads at a time.
    fn attend_one_query(&self, out: &mut [T]) {
        let [_, heads, _, e] = self.sizes;
        let key_heads = heads.checked_div(self.group).unwrap_or(0);
        let wanted = MIN_WORK.div_ceil(self.work().max(1)).min(key_heads);
        // As many for each part.
        let some = (1..=wanted).rev().find(|some| key_heads % some == 0).unwrap_or(1);
        for_each_chunk(out, some * self.group * e, some * self.work(), |part, out| {
            let first = part * some % key_heads;
            self.attend_block([part * some / key_heads, 0], first..first + some, out);
        });
    }

    /// The work for one query and the heads that share a key head.
    fn work(&self) -> usize {
        self.group * self.k.sizes()[2] * (self.k.sizes()[3] + self.v.sizes()[3])
    }

    /// The parts of the result: some queries with all their heads.
    fn parts<'out>(&self, out: &'out mut [T], block_len: usize) -> Vec<Part<'out, T>> {
        let [_, heads, queries, e] = self.sizes;
        let mut parts = Vec::new();
        if out.is_empty() {
            return parts;
        }
        for (batch, out) in out.chunks_mut(queries * heads * e).enumerate() {
            let blocks = out.chunks_mut(block_len * heads * e).enumerate();
            parts.extend(blocks.map(|(block, out)| Part { batch, first_query: block * block_len, out }));
        }
        parts
    }

    /// The result `(queries, heads, e)` for the queries from the first on, and the heads that share these key heads.
    fn attend_block(&self, place: [usize; 2], key_heads: Range<usize>, out: &mut [T]) {
        if self.has_pairs(place[0]) {
            return self.attend_pairs(place, key_heads, out);
        }
        calculate(InOut::in_place(out), |mut out| self.attend_rows(place, key_heads, out.to()));
    }

    fn attend_rows(&self, [batch, first_query]: [usize; 2], key_heads: Range<usize>, out: &mut [T::Wide]) {
        let size = self.group * self.sizes[3];
        let stride = key_heads.len() * size;
        let queries = first_query..first_query + out.len() / stride;
        // What has to be converted or made contiguous is copied head by head, but for keys and values that the kernel widens.
        let is_zero_copy =
            [self.q, self.k, self.v].iter().all(|x| is_zero_copy(x)) || self.narrowed([batch, 0, 0]).is_some();
        let at_once = if is_zero_copy && !self.scores.mask.is_of_heads() { key_heads.len().max(1) } else { 1 };
        let block = |key_head, queries| {
            let head = key_head * self.group;
            QueryBlock::new(&self.scores.mask, batch, head..head + self.group, queries)
        };
        let mut query_block = block(key_heads.start, queries.clone());
        for first in key_heads.clone().step_by(at_once) {
            if first > key_heads.start && self.scores.mask.is_of_heads() {
                query_block = block(first, queries.clone());
            }
            let out = &mut out[(first - key_heads.start) * size..];
            if self.attend_with(&query_block, first..first + at_once, true, stride, out, generic::attend) {
                continue;
            }
            // The smallest block size: results must not depend on the size of the blocks.
            for head in 0..at_once {
                for query in queries.clone().step_by(MIN_QUERIES) {
                    let query_block = block(first + head, query..queries.end.min(query + MIN_QUERIES));
                    let out = &mut out[(query - first_query) * stride + head * size..];
                    let with_fallback = |block: &Block<'_, T::Wide>, out: &mut [T::Wide]| {
                        generic::attend(block, out) || self.fallback(&query_block, first + head, block, out)
                    };
                    self.attend_with(&query_block, first + head..first + head + 1, false, stride, out, with_fallback);
                }
            }
        }
    }

    /// Without a kernel, of one head of keys.
    fn fallback(
        &self,
        query_block: &QueryBlock<'_>,
        key_head: usize,
        block: &Block<'_, T::Wide>,
        out: &mut [T::Wide],
    ) -> bool {
        let place = [query_block.batch, key_head * self.group, query_block.first_query];
        attend(block, &self.scores, place, query_block.keys.start, out)
    }

    /// The keys and values from this place on as they are held, if the kernel can widen them, and the strides of heads.
    fn narrowed(&self, place: [usize; 3]) -> Option<([NarrowedRows<'a>; 2], [usize; 2])> {
        // Few are widened all at once.
        if self.scores.mask.keys_of(place[0]) <= FEW_KEYS {
            return None;
        }
        let ((k, k_stride), (v, v_stride)) = (narrowed_rows(self.k, place)?, narrowed_rows(self.v, place)?);
        Some(([k, v], [k_stride, v_stride]))
    }

    /// What `attend` makes of these queries of the heads that share these key heads; whether it may widen keys and values itself.
    fn attend_with(
        &self,
        query_block: &QueryBlock<'_>,
        key_heads: Range<usize>,
        widens: bool,
        out_stride: usize,
        out: &mut [T::Wide],
        attend: impl Fn(&Block<'_, T::Wide>, &mut [T::Wide]) -> bool,
    ) -> bool {
        let QueryBlock { batch, first_query, keys, counts, .. } = query_block;
        let (heads, mut buffers) = (key_heads.len(), [None, None, None]);
        let [q_buffer, k_buffer, v_buffer] = &mut buffers;
        let q_place = [*batch, key_heads.start * self.group, *first_query];
        let (q, q_strides) = rows(self.q, q_place, [counts.len(), heads * self.group], q_buffer);
        let k_place = [*batch, key_heads.start, keys.start];
        let narrowed = if widens { self.narrowed(k_place) } else { None };
        let (k, v, [k_strides, v_strides]) = match narrowed {
            Some((_, [k_stride, v_stride])) => (&[][..], &[][..], [[0, k_stride], [0, v_stride]]),
            None => {
                let (k, k_strides) = rows(self.k, k_place, [keys.len(), heads], k_buffer);
                let (v, v_strides) = rows(self.v, k_place, [keys.len(), heads], v_buffer);
                (k, v, [k_strides, v_strides])
            }
        };
        let block = Block {
            q,
            q_strides,
            k: Matrix { elements: k, strides: [k_strides[0], 1] },
            v: Matrix { elements: v, strides: [v_strides[0], 1] },
            head_strides: [k_strides[1], v_strides[1]],
            narrowed: narrowed.map(|(rows, _)| rows),
            ..self.without_inputs(query_block, key_heads, out_stride)
        };
        attend(&block, out)
    }

    /// A block without queries, keys and values.
    fn without_inputs<'b>(
        &'b self,
        query_block: &'b QueryBlock<'_>,
        key_heads: Range<usize>,
        out_stride: usize,
    ) -> Block<'b, T::Wide> {
        let QueryBlock { batch, first_query, keys, counts, allowed } = query_block;
        let first = [*batch, key_heads.start * self.group, *first_query];
        let nothing = Matrix { elements: &[][..], strides: [0, 1] };
        Block {
            size: [self.q.sizes()[3], self.v.sizes()[3]],
            whole: [self.sizes[2] * self.group, self.scores.mask.keys_of(*batch)],
            key_heads: key_heads.len(),
            heads: self.group,
            q: &[],
            q_strides: [0; 2],
            k: nothing,
            v: nothing,
            head_strides: [0; 2],
            narrowed: None,
            pairs: None,
            scale: self.scores.scale,
            soft_cap: self.scores.soft_cap,
            bias: self.scores.bias_from(first, keys.start),
            sinks: self.scores.sinks_from(first[1]),
            valid: ValidKeys {
                counts,
                allowed: allowed.as_deref(),
                heads: if self.scores.mask.is_of_heads() { 1 } else { self.group },
            },
            out_stride,
        }
    }
}

/// A block of queries of one sequence, and the range of their valid keys.
struct QueryBlock<'a> {
    batch: usize,
    first_query: usize,
    keys: Range<usize>,
    /// How many of these keys end with the last one of each query.
    counts: Vec<usize>,
    /// See [`KeyMask::allowed`].
    allowed: Option<Cow<'a, [bool]>>,
}

impl<'a> QueryBlock<'a> {
    fn new(mask: &'a KeyMask<'_>, batch: usize, heads: Range<usize>, queries: Range<usize>) -> Self {
        let keys = mask.range_of_all(batch, queries.clone());
        let counts = queries.clone().map(|query| mask.range(batch, query).end - keys.start).collect();
        let allowed = mask.allowed(batch, heads, queries.clone(), keys.clone());
        QueryBlock { batch, first_query: queries.start, keys, counts, allowed }
    }
}

/// The fallback for every number type: two products and a softmax between them.
fn attend<T: Float>(
    block: &Block<'_, T::Wide>,
    of_scores: &Scores<'_, T>,
    [batch, first_head, first]: [usize; 3],
    first_key: usize,
    out: &mut [T::Wide],
) -> bool {
    let Block { size: [d, e], heads, k, v, valid: ValidKeys { counts, .. }, .. } = *block;
    let (queries, keys) = (counts.len(), counts.iter().copied().max().unwrap_or(0));
    let k = k.transposed();
    for head in 0..heads {
        let mut scores = vec![T::Wide::zero(); queries * keys];
        let q = block.q.get(head * block.q_strides[1]..).unwrap_or(&[]);
        let q = Matrix { elements: q, strides: [block.q_strides[0], 1] };
        generic::multiply([queries, d, keys], q, k, &mut scores);
        for (query, scores) in scores.chunks_mut(keys.max(1)).enumerate() {
            of_scores.scaled(scores);
            of_scores.softmax([batch, first_head + head, first + query], first_key, scores);
        }
        let mut results = vec![T::Wide::zero(); queries * e];
        generic::multiply([queries, keys, e], Matrix { elements: &scores, strides: [keys, 1] }, v, &mut results);
        for (query, result) in results.chunks_mut(e).enumerate() {
            // A masked value of infinity or NaN, times zero, is NaN: it must not reach the result.
            if result.iter().any(|x| !x.is_finite()) {
                let range = of_scores.mask.range(batch, first + query);
                let allows = of_scores.allows([batch, first_head + head, first + query]);
                result.fill(T::Wide::zero());
                for (i, key) in range.map(|key| key - first_key).enumerate() {
                    if allows.as_ref().is_some_and(|allows| !allows(i)) {
                        continue;
                    }
                    let (score, value) = (scores[query * keys + key], &v.elements[key * v.strides[0]..][..e]);
                    result.iter_mut().zip(value).for_each(|(x, &value)| *x = *x + score * value);
                }
            }
            out[query * block.out_stride + head * e..][..e].copy_from_slice(result);
        }
    }
    true
}

#[cfg(test)]
mod narrowed_tests;
#[cfg(test)]
mod pairs_tests;
#[cfg(test)]
mod tests;
