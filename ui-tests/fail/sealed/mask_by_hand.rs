use congruent::backend::AttentionMask;
use congruent::mask::{Covers, Restrict};

struct NoMask;

impl<B, Q, K> Restrict<B, Q, K> for NoMask {
    type Padding = Covers;
    fn describe(&self) -> AttentionMask {
        AttentionMask::default()
    }
}

fn main() {}
