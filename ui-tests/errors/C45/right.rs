use congruent::prelude::*;

dims! { Texts = 1000; Tokens = 1000; Width = 1024; All = Texts * Tokens * Width; }

fn main() {
    println!("{}", All.size());
}
