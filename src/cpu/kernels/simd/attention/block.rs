//! The inputs of the attention kernels: a block of queries, and those of them that fill the lanes of vectors.

use super::super::vector::{LINE, MAX_LANES};
use super::narrowed::NarrowedRows;
use crate::backend::Number;
use crate::cpu::kernels::cast::Typed;
use crate::cpu::kernels::matrix::Matrix;
use half::bf16;

/// The most queries in the lanes at a time.
pub const QUERIES: usize = 2 * MAX_LANES;
/// The rows of a tile that keep the processor busy; each number of rows is compiled for itself.
pub const TILE_ROWS: usize = 8;

/// The mask of a block of queries.
#[derive(Clone, Copy, Debug)]
pub struct ValidKeys<'a> {
    /// For each query, the number of leading keys that it may attend to.
    pub counts: &'a [usize],
    /// For each query and key, whether the query may attend to the key; perhaps for each head of a query.
    pub allowed: Option<&'a [bool]>,
    /// The heads that share a row of that: 1, or all.
    pub heads: usize,
}

/// What is added to the scores: the elements of a query, one for each key, are contiguous.
#[derive(Clone, Copy, Debug)]
pub struct Bias<'a, T> {
    /// From the first query, head and key on.
    pub elements: &'a [T],
    /// The strides of queries and of heads of queries.
    pub strides: [usize; 2],
}

/// Queries, keys and values of `bf16`, whose pairs are multiplied.
#[derive(Clone, Copy, Debug)]
pub struct PairInputs<'a> {
    pub q: &'a [bf16],
    pub k: Matrix<'a, bf16>,
    pub v: Matrix<'a, bf16>,
}

/// Some queries of each head, and the keys and values of all their heads.
///
/// The elements of a query, of a key and of a value are contiguous.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a, T> {
    /// The sizes of a key and of a value.
    pub size: [usize; 2],
    /// The size of the whole, of which this is a block: the queries that share keys, and the keys of the sequence without
    /// padding. Kernels are chosen by it, so that the choice does not depend on the blocks.
    pub whole: [usize; 2],
    /// The heads of keys and values, and the query heads that share each of them.
    pub key_heads: usize,
    pub heads: usize,
    /// The queries.
    pub q: &'a [T],
    /// The strides of queries and heads.
    pub q_strides: [usize; 2],
    /// The keys of the first head.
    pub k: Matrix<'a, T>,
    /// The values of the first head.
    pub v: Matrix<'a, T>,
    /// The strides of heads of keys and of values.
    pub head_strides: [usize; 2],
    /// The keys and values of the first head in place of those above, which are none then. Only of more keys than
    /// [`FEW_KEYS`](super::FEW_KEYS).
    pub narrowed: Option<[NarrowedRows<'a>; 2]>,
    /// Queries, keys and values of the first head in place of those above, which are none then.
    pub pairs: Option<PairInputs<'a>>,
    /// The scale of the scores.
    pub scale: T,
    /// The cap of the scores.
    pub soft_cap: Option<T>,
    /// What is added to them.
    pub bias: Option<Bias<'a, T>>,
    /// For each head of the queries, the score of what takes a part of the weights and gives no value.
    pub sinks: Option<&'a [T]>,
    /// The mask.
    pub valid: ValidKeys<'a>,
    /// The stride of results of queries; the heads of a query are contiguous.
    pub out_stride: usize,
}

// SAFETY: both are references to the same name with the same arguments.
unsafe impl<'b, 'a, T: Number> Typed for &'b Block<'a, T> {
    type Number = T;
    type Of<U: Number> = &'b Block<'a, U>;
}

impl<'a, T: Copy> Block<'a, T> {
    /// The block of one head of keys and values, and its part of the result.
    #[inline(always)]
    pub fn of_head<'out, U>(&self, head: usize, out: &'out mut [U]) -> (Self, &'out mut [U]) {
        fn from<U>(x: &[U], start: usize) -> &[U] {
            x.get(start..).unwrap_or(&[])
        }
        fn rows<U>(x: Matrix<'_, U>, start: usize) -> Matrix<'_, U> {
            Matrix { elements: from(x.elements, start), ..x }
        }
        let [q_start, k_start, v_start] =
            [self.heads * self.q_strides[1], self.head_strides[0], self.head_strides[1]].map(|stride| head * stride);
        let (q, k, v) = (from(self.q, q_start), rows(self.k, k_start), rows(self.v, v_start));
        let pairs = self.pairs.map(|PairInputs { q, k, v }| PairInputs {
            q: from(q, q_start),
            k: rows(k, k_start),
            v: rows(v, v_start),
        });
        let bias = self.bias.map(|bias| {
            let elements = bias.elements.get(head * self.heads * bias.strides[1]..).unwrap_or(&[]);
            Bias { elements, ..bias }
        });
        let sinks = self.sinks.map(|sinks| &sinks[head * self.heads..]);
        let narrowed = self.narrowed.map(|[k, v]| [k.from(k_start), v.from(v_start)]);
        let out = out.get_mut(head * self.heads * self.size[1]..).unwrap_or(&mut []);
        (Block { key_heads: 1, q, k, v, narrowed, pairs, bias, sinks, ..*self }, out)
    }

    /// Whether scores are more than products with a scale.
    #[inline(always)]
    pub fn is_adjusted(&self) -> bool {
        self.soft_cap.is_some() || self.bias.is_some()
    }
}

#[cfg(test)]
impl<'a> Block<'a, f32> {
    /// Queries, keys and values of one number each, and one head.
    pub fn of_numbers([q, k, v]: [&'a [f32]; 3], scale: f32, counts: &'a [usize]) -> Self {
        Block {
            size: [1, 1],
            whole: [q.len(), k.len()],
            key_heads: 1,
            heads: 1,
            q,
            q_strides: [1, 1],
            k: Matrix { elements: k, strides: [1, 1] },
            v: Matrix { elements: v, strides: [1, 1] },
            head_strides: [0; 2],
            narrowed: None,
            pairs: None,
            scale,
            soft_cap: None,
            bias: None,
            sinks: None,
            valid: ValidKeys { counts, allowed: None, heads: 1 },
            out_stride: 1,
        }
    }
}

/// A scratch buffer of `len` elements of four bytes, aligned to a cache line; it grows if needed.
pub fn aligned<T: Copy + Default>(memory: &mut Vec<T>, len: usize) -> &mut [T] {
    const { assert!(size_of::<T>() == size_of::<f32>()) };
    if memory.len() < len + LINE - 1 {
        memory.resize(len + LINE - 1, T::default());
    }
    let start = memory.as_ptr().align_offset(64).min(LINE - 1);
    &mut memory[start..][..len]
}

/// The queries in the lanes, and how many keys each may attend to.
pub struct Rows {
    /// Which row the first of them is.
    pub first: usize,
    /// The first element of each query.
    pub q: [usize; QUERIES],
    /// The first element of each result.
    pub out: [usize; QUERIES],
    /// How many keys each may attend to.
    pub counts: [usize; QUERIES],
    pub len: usize,
    /// The lanes that hold them.
    pub lanes: usize,
    pub fewest: usize,
    pub most: usize,
    /// The first key that any of them may attend to.
    pub start: usize,
}

impl Rows {
    /// A row is a query of a head; the heads of a query are one after another.
    #[inline(always)]
    pub fn new(block: &Block<'_, f32>, first: usize, lanes: usize) -> Self {
        let len = lanes.min(block.valid.counts.len() * block.heads - first);
        let [mut q, mut out, mut counts] = [[0; QUERIES]; 3];
        let (mut fewest, mut most) = (usize::MAX, 0);
        let (mut query, mut head) = (first / block.heads, first % block.heads);
        for ((q, out), to) in q.iter_mut().zip(&mut out).zip(&mut counts).take(len) {
            let count = block.valid.counts[query];
            *q = query * block.q_strides[0] + head * block.q_strides[1];
            *out = query * block.out_stride + head * block.size[1];
            *to = count;
            (fewest, most) = (fewest.min(count), most.max(count));
            head += 1;
            if head == block.heads {
                (query, head) = (query + 1, 0);
            }
        }
        // Unused lanes repeat the first query.
        let some = q[0];
        q[len..lanes].fill(some);
        let mut rows = Rows { first, q, out, counts, len, lanes, fewest, most, start: 0 };
        if block.valid.allowed.is_some() {
            rows.start = (0..len).map(|row| rows.excluded(row, block)).min().unwrap_or(0);
        }
        rows
    }

    /// How many of the first keys are excluded for a query.
    pub fn excluded(&self, row: usize, block: &Block<'_, f32>) -> usize {
        let count = self.counts[row];
        let first = |allowed: &[bool]| allowed[..count].iter().position(|&allowed| allowed).unwrap_or(count);
        self.allowed(row, block).map_or(0, first)
    }

    /// The row of the mask of a query, if there is a mask.
    #[inline(always)]
    pub fn allowed<'a>(&self, row: usize, block: &Block<'a, f32>) -> Option<&'a [bool]> {
        let ValidKeys { counts, allowed, heads } = block.valid;
        allowed.map(|allowed| {
            let keys = allowed.len() / (counts.len() * (block.heads / heads));
            &allowed[(self.first + row) / heads * keys..][..keys]
        })
    }

    /// Zeros for the results, each of so many numbers.
    pub fn clear<T: Copy + Default>(&self, out: &mut [T], size: usize) {
        self.out[..self.len].iter().for_each(|&start| out[start..][..size].fill(T::default()));
    }

    /// Where the bias of each query begins, from this key on.
    pub fn bias_starts(&self, bias: &Bias<'_, f32>, heads: usize, key: usize) -> [usize; QUERIES] {
        let start = |row: usize| {
            // Unused lanes repeat the first query.
            let at = self.first + if row < self.len { row } else { 0 };
            at / heads * bias.strides[0] + at % heads * bias.strides[1] + key
        };
        std::array::from_fn(start)
    }

    /// Whether the query may attend to any key.
    pub fn has_key(&self, row: usize, block: &Block<'_, f32>) -> bool {
        let (excluded, count) = (self.excluded(row, block), self.counts[row]);
        let Some(bias) = block.bias else { return excluded < count };
        let start = self.bias_starts(&bias, block.heads, 0)[row];
        let allowed = self.allowed(row, block);
        (excluded..count)
            .any(|key| bias.elements[start + key] != f32::NEG_INFINITY && allowed.is_none_or(|allowed| allowed[key]))
    }
}
