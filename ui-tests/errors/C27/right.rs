use congruent::nn::{Linear, MultiHeadAttention};
use congruent::{Full, Rng, Tensor, dims};

dims! { Batch = 2; Question = 7; Answer = 5; Encoded = 16; Embed = 12; Heads = 3; HeadDim = 4; }

fn main() {
    let mut rng = Rng::with_seed(1);
    let layer = MultiHeadAttention::random(Embed, Heads, HeadDim, &mut rng);
    let (question, answer) = (Tensor::ones((Batch, Question, Encoded)), Tensor::ones((Batch, Answer, Embed)));
    let memory = Linear::random(Encoded, Embed, &mut rng).forward(&question);
    let y = layer.cross(&answer, &memory, &Full);
    assert_eq!(y.sizes(), [2, 5, 12]);
}
