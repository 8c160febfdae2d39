use congruent::mask::Restrict;

struct NoMask;

impl<B, Q, K> Restrict<B, Q, K> for NoMask {
    type Itself = Self;
    fn itself(&self) -> &Self {
        self
    }
}

fn main() {}
