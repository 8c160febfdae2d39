use congruent::prelude::*;

dims! { Question; Answer; Rows = 5; Inner = 7; Columns = 4; }

fn main() {
    bind!(questions: Question = 2, answers: Answer = 2);
    let x = Tensor::ones((questions, Rows, Inner));
    let y = Tensor::ones((answers, Inner, Columns));
    let products = einsum!(".. i j, .. j k -> .. i k", x, y);
}
