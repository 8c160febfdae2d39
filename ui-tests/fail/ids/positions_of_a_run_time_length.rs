use congruent::prelude::*;

dims! { Embed = 12; Positions = 4; Tokens; }

fn main() {
    bind!(tokens: Tokens = 5);
    let table = Tensor::ones((Positions, Embed));
    let y = table.prefix(Positions, tokens);
}
