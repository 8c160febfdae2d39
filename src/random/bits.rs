//! The bits of SplitMix64: each number is a function of its place.

/// What the state grows by from one number to the next.
pub const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of a state.
#[inline(always)]
pub fn mixed(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The number from 0 up to, not including, 1, that random bits make.
#[inline(always)]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}
