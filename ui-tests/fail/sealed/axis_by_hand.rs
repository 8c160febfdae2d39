use congruent::prelude::*;
use congruent::shape::Axis;

dims! { A = 10; B = 1; }

struct Key;

impl Axis<Key, Key> for (A, B) {
    type Dim = N<7>;
    const INDEX: usize = 0;
    type Removed = (N<50>,);
    type With<X: Dim> = (X, X);
    fn dim(self) -> N<7> {
        N
    }
    fn removed(self) -> (N<50>,) {
        (N,)
    }
    fn with<X: Dim>(self, x: X) -> (X, X) {
        (x, x)
    }
}

fn main() {}
