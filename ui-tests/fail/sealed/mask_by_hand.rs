use congruent::mask::{Covers, Restrict};

struct NoMask;

impl<B, Q, K> Restrict<B, Q, K> for NoMask {
    type Padding = Covers;
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
}

fn main() {}
