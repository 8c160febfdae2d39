use congruent::Piece;
use congruent::prelude::*;

dims! { Question; Text; Embed = 12; }

fn main() {
    bind!(question: Question = 5);
    let pieces = [Tensor::ones((question, Embed)).piece(question)];
    let x = Piece::concat(Text, &pieces);
}
