use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::softmax;
use candle_nn::{LayerNorm, Linear, Module, VarBuilder, layer_norm, linear};

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
    fn new(weights: &VarBuilder) -> Result<Self> {
        Ok(Layer {
            query: linear(EMBED, EMBED, weights.pp("query"))?,
            key: linear(EMBED, EMBED, weights.pp("key"))?,
            value: linear(EMBED, EMBED, weights.pp("value"))?,
            output: linear(EMBED, EMBED, weights.pp("output"))?,
            attention_norm: layer_norm(EMBED, 1e-5, weights.pp("attention_norm"))?,
            up: linear(EMBED, FFN, weights.pp("up"))?,
            down: linear(FFN, EMBED, weights.pp("down"))?,
            feed_forward_norm: layer_norm(EMBED, 1e-5, weights.pp("feed_forward_norm"))?,
        })
    }
}

// REPEAT
fn layer_NN(x: &Tensor, layer: &Layer) -> Result<Tensor> {
    // EDIT
    let (batch, seq, embed) = x.dims3()?;
    let q = layer.query.forward(x)?.reshape((batch, seq, HEADS, HEAD_DIM))?.transpose(1, 2)?.contiguous()?;
    let k = layer.key.forward(x)?.reshape((batch, seq, HEADS, HEAD_DIM))?.transpose(1, 2)?.contiguous()?;
    let v = layer.value.forward(x)?.reshape((batch, seq, HEADS, HEAD_DIM))?.transpose(1, 2)?.contiguous()?;
    let scores = (q.matmul(&k.transpose(2, 3)?)? / (HEAD_DIM as f64).sqrt())?;
    let weights = softmax(&scores, D::Minus1)?;
    let context = weights.matmul(&v)?.transpose(1, 2)?.reshape((batch, seq, embed))?;
    let x = layer.attention_norm.forward(&(x + layer.output.forward(&context)?)?)?;
    let hidden = layer.up.forward(&x)?.gelu_erf()?;
    layer.feed_forward_norm.forward(&(&x + layer.down.forward(&hidden)?)?)
}

// END
fn main() -> Result<()> {
    let weights = VarBuilder::zeros(DType::F32, &Device::Cpu);
    let x = Tensor::randn(0f32, 1.0, (BATCH, SEQ, EMBED), &Device::Cpu)?;
    // REPEAT
    let x = layer_NN(&x, &Layer::new(&weights)?)?;
    // END
    println!("{}", x.mean(1)?.sum(0)?.max(0)?.to_scalar::<f32>()?);
    Ok(())
}
