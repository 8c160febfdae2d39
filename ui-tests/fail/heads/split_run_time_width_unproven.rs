use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Heads = 3; HeadDim = 4; once Width; }

fn heads(width: Width) {
    let x = Tensor::ones((Batch, Seq, width));
    let heads = x.relabel(width, Times(Heads, HeadDim)).split_heads();
}

fn main() {

}
