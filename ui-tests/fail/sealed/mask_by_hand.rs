use congruent::backend::{AttentionMask, Engine, MaskIn};
use congruent::mask::{Covers, Restrict};

struct NoMask;

impl<B, Q, K, E: Engine> Restrict<B, Q, K, E> for NoMask {
    type Padding = Covers;
    fn describe(&self, _: &E::Device) -> MaskIn<E> {
        AttentionMask::default()
    }
}

fn main() {}
