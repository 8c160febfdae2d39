use congruent::nn::{LayerNorm, Linear};
use congruent::prelude::*;

dims! {
    Batch = 2;
    Seq = 20;
    Embed = 384;
    Heads = 12;
    HeadDim = 32;
    Ffn = 4 * Embed;
}

struct Layer {
    query: Linear<Embed, Embed>,
    key: Linear<Embed, Embed>,
    value: Linear<Embed, Embed>,
    output: Linear<Embed, Embed>,
    attention_norm: LayerNorm<Embed>,
    up: Linear<Embed, Ffn>,
    down: Linear<Ffn, Embed>,
    feed_forward_norm: LayerNorm<Embed>,
}

impl Layer {
    fn new(rng: &mut Rng) -> Self {
        Layer {
            query: Linear::random(Embed, Embed, rng),
            key: Linear::random(Embed, Embed, rng),
            value: Linear::random(Embed, Embed, rng),
            output: Linear::random(Embed, Embed, rng),
            attention_norm: LayerNorm::new(Embed, 1e-5),
            up: Linear::random(Embed, Ffn, rng),
            down: Linear::random(Ffn, Embed, rng),
            feed_forward_norm: LayerNorm::new(Embed, 1e-5),
        }
    }
}

// REPEAT
fn layer_NN(x: &Tensor<(Batch, Seq, Embed)>, layer: &Layer) -> Tensor<(Batch, Seq, Embed)> {
    // EDIT
    let q = layer.query.forward(x).relabel(Embed, Times(Heads, HeadDim)).split_heads();
    let k = layer.key.forward(x).relabel(Embed, Times(Heads, HeadDim)).split_heads();
    let v = layer.value.forward(x).relabel(Embed, Times(Heads, HeadDim)).split_heads();
    let scores = q.matmul(&k.transpose(Seq, HeadDim)) / (HeadDim.size() as f32).sqrt();
    let weights = scores.softmax(At::<3>);
    let context = weights.matmul(&v).merge_heads().relabel(Times(Heads, HeadDim), Embed);
    let x = layer.attention_norm.forward(&(x + layer.output.forward(&context)));
    let hidden = layer.up.forward(&x).gelu();
    layer.feed_forward_norm.forward(&(&x + layer.down.forward(&hidden)))
}

// END
fn main() {
    let mut rng = Rng::with_seed(1);
    let x = Tensor::normal((Batch, Seq, Embed), 0.0, 1.0, &mut rng);
    // REPEAT
    let x = layer_NN(&x, &Layer::new(&mut rng));
    // END
    println!("{}", x.mean(Seq).sum(Batch).max(Embed).scalar());
}
