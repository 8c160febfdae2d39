//! Which of the keys of one rank the queries of another one see.

use crate::backend::composed::with_allowed;
use crate::backend::{AttentionMask, Backend, DeviceOf, MaskOf, With};
use std::ops::Range;

/// Which keys of a block some queries see.
pub enum Visible<Allowed> {
    /// No query sees any.
    Nothing,
    /// All queries see all.
    All,
    /// True where a query sees a key: `(batch, heads, queries, keys)`, where batch and heads may be 1.
    Some(Allowed),
}

/// What the queries of one rank see of the keys of another one, by the mask of the whole sequence, of which each of `count` ranks has
/// so many `[queries, keys]`.
pub fn visible<B: Backend>(
    mask: &MaskOf<B>,
    batch: usize,
    places: [usize; 2],
    [queries, keys]: [usize; 2],
    count: usize,
    device: &DeviceOf<B>,
) -> Visible<crate::backend::ArrayOf<B, bool>> {
    let whole = [queries * count, keys * count];
    let [first_query, first_key] = [places[0] * queries, places[1] * keys];
    // The sequences are alike where nothing is said of each.
    let is_of_each = mask.lengths.is_some() || mask.first_query.is_some();
    let sequences = if is_of_each { batch } else { batch.min(1) };
    let rows = (0..sequences).flat_map(|sequence| (0..queries).map(move |query| (sequence, query)));
    let rows: Vec<Range<usize>> = rows
        .map(|(sequence, query)| {
            let seen = mask.range(sequence, first_query + query, whole);
            let here = |key: usize| key.saturating_sub(first_key).min(keys);
            here(seen.start)..here(seen.end)
        })
        .collect();
    if rows.iter().all(Range::is_empty) {
        return Visible::Nothing;
    }
    let given = mask.allowed.as_ref().map(|allowed| {
        let sizes = With::<B, bool>::sizes(allowed).to_vec();
        let rank = sizes.len();
        let allowed = With::<B, bool>::narrow(allowed, rank - 2, first_query, queries);
        let allowed = With::<B, bool>::narrow(&allowed, rank - 1, first_key, keys);
        let batch = if rank > 2 { sizes[0] } else { 1 };
        let heads = if rank > 3 { sizes[1] } else { 1 };
        With::<B, bool>::reshape(&allowed, &[batch, heads, queries, keys])
    });
    if rows.iter().all(|row| *row == (0..keys)) {
        return given.map_or(Visible::All, Visible::Some);
    }
    let pairs = rows.iter().flat_map(|row| (0..keys).map(|key| row.contains(&key))).collect();
    let pairs = With::<B, bool>::from_elements(pairs, &[sequences, 1, queries, keys], device);
    let given = AttentionMask { allowed: given, ..AttentionMask::default() };
    with_allowed::<B>(given, pairs).allowed.map_or(Visible::All, Visible::Some)
}

/// A mask of nothing but how many keys of a rank are valid.
pub fn block_lengths<B: Backend>(mask: &MaskOf<B>, place: usize, keys: usize) -> MaskOf<B> {
    let here = |length: &usize| length.saturating_sub(place * keys).min(keys);
    let lengths = mask.lengths.as_ref().map(|lengths| lengths.iter().map(here).collect());
    AttentionMask { lengths, ..AttentionMask::default() }
}
