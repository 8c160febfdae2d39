use congruent::prelude::*;

dims! { Batch = 2; HeadDim = 4; Tokens; }

fn main() {
    bind!(tokens: Tokens = 5);
    let x = Tensor::ones((Batch, tokens, HeadDim));
    let parts = x.unstack(tokens);
}
