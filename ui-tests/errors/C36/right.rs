use congruent::{Tensor, dims};

dims! { Tokens; Embed = 8; }

fn main() {
    let text = Tokens::with(5, |tokens| Tensor::ones((tokens, Embed)).mean(tokens));
    assert_eq!(text.sizes(), [8]);
}
