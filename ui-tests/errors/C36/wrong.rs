use congruent::{Tensor, dims};

dims! { Tokens; Embed = 8; }

fn main() {
    let _text = Tokens::with(5, |tokens| Tensor::ones((tokens, Embed)));
}
