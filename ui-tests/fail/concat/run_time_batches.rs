use congruent::prelude::*;

dims! { Seq = 5; HeadDim = 4; Question; Answer; }

fn main() {
    bind!(questions: Question = 2, answers: Answer = 2);
    let x = Tensor::ones((questions, Seq, HeadDim));
    let y = Tensor::ones((answers, Seq, HeadDim));
    let z = x.concat(HeadDim, &y);
}
