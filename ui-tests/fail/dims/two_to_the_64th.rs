use congruent::prelude::*;

mod sizes {
    congruent::dims! { pub Big = 4294967296; pub Max = 18446744073709551615; }
}
use sizes::{Big, Max};

dims! {
    Small = 4;
    Largest = Max * 1;
    Wrapped = Big * Big + Small;
}

fn main() {
    println!("{}", Wrapped.size());
}
