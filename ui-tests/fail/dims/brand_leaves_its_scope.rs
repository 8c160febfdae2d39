use congruent::prelude::*;

dims! { Embed = 12; Tokens; }

fn main() {
    let _x = Tokens::with(5, |tokens| Tensor::ones((tokens, Embed)));
}
