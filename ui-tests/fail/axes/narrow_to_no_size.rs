use congruent::prelude::*;

dims! { Positions = 512; Embed = 8; Seq; }

fn main() {
    let table = Tensor::ones((Positions, Embed));
    let positions = table.narrow(Positions, 0, Seq).unwrap().relu();
}
