use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Distribution, Tensor};

const BATCH: usize = 2;
const SEQ: usize = 20;
const EMBED: usize = 384;
const HEADS: usize = 12;
const HEAD_DIM: usize = 32;
const FFN: usize = 4 * EMBED;

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: LayerNorm,
    up: Linear,
    down: Linear,
    feed_forward_norm: LayerNorm,
}

impl Layer {
    fn new(device: &Device) -> Self {
        Layer {
            query: LinearConfig::new(EMBED, EMBED).init(device),
            key: LinearConfig::new(EMBED, EMBED).init(device),
            value: LinearConfig::new(EMBED, EMBED).init(device),
            output: LinearConfig::new(EMBED, EMBED).init(device),
            attention_norm: LayerNormConfig::new(EMBED).init(device),
            up: LinearConfig::new(EMBED, FFN).init(device),
            down: LinearConfig::new(FFN, EMBED).init(device),
            feed_forward_norm: LayerNormConfig::new(EMBED).init(device),
        }
    }
}

// REPEAT
fn layer_NN(x: Tensor<3>, layer: &Layer) -> Tensor<3> {
    // EDIT
    let [batch, seq, embed] = x.dims();
    let q = layer.query.forward(x.clone()).reshape([batch, seq, HEADS, HEAD_DIM]).swap_dims(1, 2);
    let k = layer.key.forward(x.clone()).reshape([batch, seq, HEADS, HEAD_DIM]).swap_dims(1, 2);
    let v = layer.value.forward(x.clone()).reshape([batch, seq, HEADS, HEAD_DIM]).swap_dims(1, 2);
    let scores = q.matmul(k.swap_dims(2, 3)) / (HEAD_DIM as f32).sqrt();
    let weights = softmax(scores, 3);
    let context = weights.matmul(v).swap_dims(1, 2).reshape([batch, seq, embed]);
    let x = layer.attention_norm.forward(x + layer.output.forward(context));
    let hidden = gelu(layer.up.forward(x.clone()));
    layer.feed_forward_norm.forward(x + layer.down.forward(hidden))
}

// END
fn main() {
    let device = Device::default();
    let x = Tensor::<3>::random([BATCH, SEQ, EMBED], Distribution::Normal(0.0, 1.0), &device);
    // REPEAT
    let x = layer_NN(x, &Layer::new(&device));
    // END
    println!("{}", x.mean_dim(1).sum_dim(0).max().into_scalar::<f32>());
}
