use congruent::nn::Linear;
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Texts; Tokens; }

/// Multi-head attention for any dimensions: no arithmetic in its bounds. What is summed over is without padding.
fn block<B: Dim, S: Dim, E: Dense, H: Dense, D: Dense>(
    x: &Tensor<(B, S, E)>,
    project: &Linear<E, Times<H, D>>,
    output: &Linear<Times<H, D>, E>,
    mask: &impl Mask<B, S, S>,
) -> Tensor<(B, S, E)> {
    let heads = project.forward(x).split_heads();
    let attended = attention(&heads, &heads, &heads, mask).merge_heads();
    x + &output.forward(&attended)
}

fn main() {
    let mut rng = Rng::with_seed(1);
    let project = Linear::random(Embed, Times(Heads, HeadDim), &mut rng);
    let output = Linear::random(Times(Heads, HeadDim), Embed, &mut rng);
    let y: Tensor<(Batch, Seq, Embed)> = block(&Tensor::ones((Batch, Seq, Embed)), &project, &output, &Causal);
    bind!(texts: Texts = 2, tokens: Ragged<Tokens> = 5);
    let lengths = Lengths::new(texts, tokens, &[5, 0]).unwrap();
    let y = block(&Tensor::ones((texts, tokens, Embed)), &project, &output, &lengths);
    assert_eq!(y.sizes(), [2, 5, 12]);
}
