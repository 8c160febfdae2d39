use congruent::prelude::*;

dims! { Seq = 5; Half = 4; }

fn main() {
    let [positions, frequencies] = [Tensor::ones((Seq,)), Tensor::ones((Seq,))];
    let angles = positions.outer(&frequencies);
}
