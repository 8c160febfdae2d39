use congruent::prelude::*;

dims! { Texts = 1000000000; Tokens = 1000000; Width = 1048576; All = Texts * Tokens * Width; }

fn main() {
    println!("{}", All.size());
}
