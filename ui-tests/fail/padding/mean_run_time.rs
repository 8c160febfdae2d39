use congruent::prelude::*;

dims! { Embed = 12; Texts; Tokens; }

fn main() {
    bind!(texts: Texts = 2, tokens: Ragged<Tokens> = 5);
    let x = Tensor::ones((texts, tokens, Embed));
    let y = x.mean(tokens);
}
