//! Attention of a block of queries in one pass over the keys: the matrix of scores is never held.
//!
//! What a query gives does not depend on how many others are calculated in the same call: those in the lanes beside it are
//! always the same.

mod adjust;
mod attend;
mod block;
mod few_keys;
mod many_keys;
mod narrowed;
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
mod pair_scores;
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
mod pair_values;
#[cfg(any(all(target_arch = "x86_64", feature = "avx512"), target_arch = "aarch64"))]
mod pairs;
mod prefetch;
mod scores;
mod softmax;
mod values;

pub use attend::{attend, attend_pairs_at, multiplies_pairs};
pub use block::{Bias, Block, PairInputs, ValidKeys};
pub use few_keys::MAX_KEYS as FEW_KEYS;
pub use narrowed::{Narrowed, NarrowedRows, widen_rows};
