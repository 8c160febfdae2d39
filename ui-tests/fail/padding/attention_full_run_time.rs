use congruent::prelude::*;

dims! { Heads = 3; HeadDim = 4; Texts; Tokens; }

fn main() {
    bind!(texts: Texts = 2, tokens: Ragged<Tokens> = 5);
    let x = Tensor::ones((texts, Heads, tokens, HeadDim));
    let y = attention(&x, &x, &x, &Full);
}
