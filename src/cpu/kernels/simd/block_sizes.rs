//! How much of a product is calculated at a time. The letters in capitals are those of BLIS.

/// The block of the inner dimension k (KC in BLIS): at most this much is summed before `c` is written. For most models
/// that is all of k, so that `c` is written once and not read.
pub const BLOCK_K: usize = 2048;
/// The block of rows of `a` (MC in BLIS).
pub const BLOCK_M: usize = 120;
/// The bytes of a block of `a`, packed or not: half a megabyte, which stays in the L2 cache.
pub const BLOCK_A: usize = 1 << 19;
/// The bytes of the panels of `b` that are used for a whole block of `a`: they stay in the L2 cache too.
pub const BLOCK_B: usize = 1 << 18;

/// Whether rows of this stride can be read in place. If the stride is 4096 bytes or nearly, all rows of a tile map to the
/// same sets of the L1 cache.
pub fn avoids_aliasing<S>(stride: usize) -> bool {
    let way = 4096 / size_of::<S>();
    let near = 16 / size_of::<S>();
    (stride + near) % way > 2 * near
}

/// The rows of a block, for as few blocks as possible: whole tiles, if these are not too many.
pub fn block_rows(rows: usize, most: usize, tile: usize) -> usize {
    let even = rows.div_ceil(rows.div_ceil(most));
    let whole = even.next_multiple_of(tile);
    if whole <= most { whole } else { even }
}
