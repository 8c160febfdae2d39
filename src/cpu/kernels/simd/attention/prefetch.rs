//! Software prefetch of the next keys, values and queries.

use super::super::vector::LINE;
use super::block::{Block, Rows};

/// Rows that will be read soon.
pub struct Prefetch<'a> {
    /// The number of rows of keys and of values.
    count: usize,
    keys_and_values: [StridedRows; 2],
    queries: IndexedRows<'a>,
}

/// Rows at a constant stride.
#[derive(Clone, Copy)]
struct StridedRows {
    first: *const f32,
    stride: usize,
}

/// Rows at any offsets of a slice.
#[derive(Clone, Copy)]
pub struct IndexedRows<'a> {
    pub from: &'a [f32],
    pub starts: &'a [usize],
}

impl<'a> Prefetch<'a> {
    /// A share of the next `count` keys and values of a head; for the first keys, also the queries of these rows.
    #[inline(always)]
    pub fn new(
        block: &Block<'a, f32>,
        [head, key]: [usize; 2],
        count: usize,
        [share, shares]: [usize; 2],
        rows: &'a Rows,
    ) -> Self {
        let share = share_of(count, share, shares);
        let strided_rows = |i: usize| {
            let x = [block.k, block.v][i];
            let start = head * block.head_strides[i] + (key + share.start) * x.strides[0];
            StridedRows { first: x.elements.as_ptr().wrapping_add(start), stride: x.strides[0] }
        };
        let q = block.q.get(head * block.heads * block.q_strides[1]..).unwrap_or(&[]);
        let starts = if key == rows.start && count > 0 { &rows.q[..rows.len] } else { &[] };
        Prefetch {
            count: share.len(),
            keys_and_values: [strided_rows(0), strided_rows(1)],
            queries: IndexedRows { from: q, starts },
        }
    }

    /// The rows to prefetch during one of `parts` tiles, at most as many as a cache line has elements: the kernel asks
    /// for one at each column, and after a line of columns for the next line of each row. The results will be written.
    #[inline(always)]
    pub fn part(&self, results: IndexedRows<'_>, part: usize, parts: usize, nothing: *const f32) -> [*const f32; LINE] {
        let mut rows = [nothing; LINE];
        if self.count == 0 && self.queries.starts.is_empty() && results.starts.is_empty() {
            return rows;
        }
        let mut out_starts = rows.iter_mut();
        let mut put = |row| {
            if let Some(place) = out_starts.next() {
                *place = row;
            }
        };
        for row in share_of(self.count, part, parts) {
            self.keys_and_values.iter().for_each(|rows| put(rows.first.wrapping_add(row * rows.stride)));
        }
        for IndexedRows { from, starts } in [self.queries, results] {
            let starts = &starts[share_of(starts.len(), part, parts)];
            starts.iter().for_each(|&start| put(from.as_ptr().wrapping_add(start)));
        }
        rows
    }
}

/// The range of one of several nearly equal parts of a length.
#[inline(always)]
fn share_of(len: usize, part: usize, parts: usize) -> std::ops::Range<usize> {
    len * part / parts..len * (part + 1) / parts
}
