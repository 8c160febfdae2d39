//! What is read next.

use super::super::vector::LINE;
use super::block::{Block, Rows};

/// Rows that will be read or written soon: memory is far away, and what is asked for in time is there when it is needed.
#[derive(Clone, Copy)]
pub struct Ahead<'a> {
    /// So many rows of keys and of values.
    count: usize,
    keys_and_values: [EvenRows; 2],
    queries: RowsAt<'a>,
    results: RowsAt<'a>,
}

/// Rows that begin so far apart.
#[derive(Clone, Copy)]
struct EvenRows {
    first: *const f32,
    stride: usize,
}

/// Rows that begin anywhere in a slice.
#[derive(Clone, Copy, Default)]
pub struct RowsAt<'a> {
    pub from: &'a [f32],
    pub starts: &'a [usize],
}

impl<'a> Ahead<'a> {
    /// One share of so many keys and values of a head, from a key on, and if that is the first, the queries in these rows.
    #[inline(always)]
    pub fn new(
        block: &Block<'a, f32>,
        [head, key]: [usize; 2],
        count: usize,
        [share, shares]: [usize; 2],
        rows: &'a Rows,
    ) -> Self {
        let share = share_of(count, share, shares);
        let even_rows = |i: usize| {
            let x = [block.k, block.v][i];
            let start = head * block.head_strides[i] + (key + share.start) * x.strides[0];
            EvenRows { first: x.elements.as_ptr().wrapping_add(start), stride: x.strides[0] }
        };
        let q = block.q.get(head * block.heads * block.q_strides[1]..).unwrap_or(&[]);
        let starts = if key == rows.start && count > 0 { &rows.q[..rows.len] } else { &[] };
        Ahead {
            count: share.len(),
            keys_and_values: [even_rows(0), even_rows(1)],
            queries: RowsAt { from: q, starts },
            results: RowsAt::default(),
        }
    }

    /// These rows too.
    #[inline(always)]
    pub fn and_results<'b>(self, results: RowsAt<'b>) -> Ahead<'b>
    where
        'a: 'b,
    {
        Ahead { results, ..self }
    }

    /// One part of all rows, and no more of them than there are numbers in a line of the cache: so one can be asked for with
    /// each number of a row, and after as many numbers the next line of each.
    #[inline(always)]
    pub fn part(&self, part: usize, parts: usize, nothing: *const f32) -> [*const f32; LINE] {
        let mut rows = [nothing; LINE];
        if self.count == 0 && self.queries.starts.is_empty() && self.results.starts.is_empty() {
            return rows;
        }
        let mut places = rows.iter_mut();
        let mut put = |row| {
            if let Some(place) = places.next() {
                *place = row;
            }
        };
        for row in share_of(self.count, part, parts) {
            self.keys_and_values.iter().for_each(|rows| put(rows.first.wrapping_add(row * rows.stride)));
        }
        for RowsAt { from, starts } in [self.queries, self.results] {
            let starts = &starts[share_of(starts.len(), part, parts)];
            starts.iter().for_each(|&start| put(from.as_ptr().wrapping_add(start)));
        }
        rows
    }
}

/// The part of a length, where all parts are as even as can be.
#[inline(always)]
fn share_of(len: usize, part: usize, parts: usize) -> std::ops::Range<usize> {
    len * part / parts..len * (part + 1) / parts
}
