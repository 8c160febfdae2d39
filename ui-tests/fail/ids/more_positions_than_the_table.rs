use congruent::prelude::*;

dims! { Seq = 5; Embed = 12; Positions = 4; }

fn main() {
    let table = Tensor::ones((Positions, Embed));
    let y = table.prefix(Positions, Seq);
}
