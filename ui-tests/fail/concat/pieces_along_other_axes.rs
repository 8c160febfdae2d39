use congruent::Piece;
use congruent::prelude::*;

dims! { Question; Answer; Text; Embed = 12; }

fn main() {
    bind!(question: Question = 5, answer: Answer = 7, text: Text = 12);
    let question = Tensor::ones((question, Embed)).piece(question);
    let answer = Tensor::ones((Embed, answer)).piece(answer);
    let x = Piece::concat(text, &[question, answer]);
}
