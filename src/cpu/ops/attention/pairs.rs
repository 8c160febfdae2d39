//! Attention by pairs of `bf16`, as they lie in the arrays.

use super::{Inputs, MIN_QUERIES, QueryBlock};
use crate::backend::Float;
use crate::cpu::kernels::{generic, write};
use std::ops::Range;

/// For so few queries that share keys, keys and values are widened: to put them in pairs would take longer than to use them.
const FEW_SHARED: usize = 4;

impl<T: Float> Inputs<'_, T> {
    /// Whether pairs are multiplied: for all queries of a sequence, or for none. To few keys they are for any number of queries, since
    /// others may stand behind the text in a batch.
    pub fn has_pairs(&self, batch: usize) -> bool {
        let [_, _, queries, e] = self.sizes;
        let are_many = queries * self.group > FEW_SHARED || self.scores.mask.keys_of(batch) <= FEW_SHARED;
        generic::has_pairs::<T>() && are_many && self.q.sizes()[3] > 0 && e > 0
    }

    /// As [`attend_block`](Self::attend_block).
    pub fn attend_pairs(&self, [batch, first_query]: [usize; 2], key_heads: Range<usize>, out: &mut [T]) {
        let size = self.group * self.sizes[3];
        let stride = key_heads.len() * size;
        let queries = first_query..first_query + out.len() / stride;
        let block = |key_head, queries| {
            let head = key_head * self.group;
            QueryBlock::new(&self.scores.mask, batch, head..head + self.group, queries)
        };
        let at_once = if self.scores.mask.is_of_heads() { 1 } else { key_heads.len().max(1) };
        for first in key_heads.clone().step_by(at_once) {
            let out = &mut out[(first - key_heads.start) * size..];
            if self.attend_to_pairs(&block(first, queries.clone()), first..first + at_once, stride, out) {
                continue;
            }
            // The smallest block size: results must not depend on the size of the blocks.
            for head in 0..at_once {
                for query in queries.clone().step_by(MIN_QUERIES) {
                    let some = query..queries.end.min(query + MIN_QUERIES);
                    let (block, heads) = (block(first + head, some.clone()), first + head..first + head + 1);
                    let out = &mut out[(query - first_query) * stride + head * size..];
                    if self.attend_to_pairs(&block, heads.clone(), stride, out) {
                        continue;
                    }
                    let mut results = vec![T::zero(); some.len() * size];
                    write(&mut results, |results| {
                        self.attend_with(&block, heads, false, size, results, |of_head, out| {
                            self.fallback(&block, first + head, of_head, out)
                        });
                    });
                    for (out, result) in out.chunks_mut(stride).zip(results.chunks_exact(size)) {
                        out[..size].copy_from_slice(result);
                    }
                }
            }
        }
    }

    fn attend_to_pairs(
        &self,
        block: &QueryBlock<'_>,
        key_heads: Range<usize>,
        out_stride: usize,
        out: &mut [T],
    ) -> bool {
        let QueryBlock { batch, first_query, keys, .. } = block;
        let places = [
            [*batch, key_heads.start * self.group, *first_query, 0],
            [*batch, key_heads.start, keys.start, 0],
            [*batch, key_heads.start, keys.start, 0],
        ];
        let arrays = [self.q, self.k, self.v];
        let from = |at: usize| arrays[at].buffer().get(arrays[at].layout().start(&places[at])..).unwrap_or(&[]);
        let strides = |at: usize| {
            let strides = arrays[at].layout().strides();
            [strides[2], strides[1]]
        };
        let [q_strides, [k_stride, k_heads], [v_stride, v_heads]] = [0, 1, 2].map(strides);
        let mut block = self.without_inputs(block, key_heads, out_stride);
        (block.q_strides, block.head_strides) = (q_strides, [k_heads, v_heads]);
        generic::attend_pairs(block, [0, 1, 2].map(from), [k_stride, v_stride], out)
    }
}
