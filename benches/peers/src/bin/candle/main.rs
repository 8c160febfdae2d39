//! candle: its tensors and layers. Where it has a fused attention, that is tried too, and the faster one counts.

mod training;

use candle_core::{D, Device, Module, Result, Tensor};
use candle_nn::attention::{AttnMask, flash_attn};
use candle_nn::{LayerNorm, Linear, VarBuilder, ops};
use candle_transformers::models::bert::{BertModel, DTYPE};
use candle_transformers::utils::repeat_kv;
use peers::{Bench, each_case, input, weights, without_padding};

fn main() {
    each_case(|bench| case(bench).unwrap());
}

fn case(bench: &Bench) -> Result<()> {
    match (bench.kind.as_str(), bench.sizes.as_slice()) {
        ("matmul", &[m, k, n]) => {
            let (a, b) = (tensor(1, &[m, k])?, tensor(2, &[k, n])?);
            bench.run(|| a.matmul(&b).unwrap(), values);
        }
        ("linear", &[m, k, n]) => {
            let (x, layer) = (tensor(1, &[m, k])?, Linear::new(linear(2, k, n)?.weight().clone(), None));
            bench.run(|| layer.forward(&x).unwrap(), values);
        }
        ("batch_matmul", &[b, m, k, n]) => {
            let (a, b) = (tensor(1, &[b, m, k])?, tensor(2, &[b, k, n])?);
            bench.run(|| a.matmul(&b).unwrap(), values);
        }
        ("attention", &[b, h, s, d]) => {
            self::attention(bench, [b, h, h, s, d], None)?;
            flash(bench, [b, h, h, s, d], AttnMask::None)?;
        }
        ("causal_attention", &[b, h, s, d]) => {
            let mask = (0..s * s).map(|i| if i % s > i / s { f32::NEG_INFINITY } else { 0.0 }).collect();
            self::attention(bench, [b, h, h, s, d], Some(&Tensor::from_vec(mask, (s, s), &Device::Cpu)?))?;
            flash(bench, [b, h, h, s, d], AttnMask::causal())?;
        }
        ("padded_attention", &[b, h, s, d]) => {
            let lengths = peers::lengths(b, s);
            let mask = (0..b * s).map(|i| if i % s < lengths[i / s] { 0.0 } else { f32::NEG_INFINITY }).collect();
            self::attention(bench, [b, h, h, s, d], Some(&Tensor::from_vec(mask, (b, 1, 1, s), &Device::Cpu)?))?;
        }
        ("grouped_attention", &[b, h, g, s, d]) => {
            self::attention(bench, [b, h, g, s, d], None)?;
            flash(bench, [b, h, g, s, d], AttnMask::None)?;
        }
        ("mha", &[b, s, h, d]) => {
            for flash in [false, true] {
                let (x, layer) = (tensor(1, &[b, s, h * d])?, MultiHead::new(h, d, flash)?);
                bench.run(|| layer.forward(&x).unwrap(), values);
            }
        }
        ("encoder", &[b, s, h, d, f]) => {
            for flash in [false, true] {
                let (x, layer) = (tensor(1, &[b, s, h * d])?, Encoder::new(h, d, f, flash)?);
                bench.run(|| layer.forward(&x).unwrap(), values);
            }
        }
        ("softmax", &[r, c]) => {
            let x = tensor(1, &[r, c])?;
            bench.run(|| ops::softmax_last_dim(&x).unwrap(), values);
        }
        ("layer_norm", &[r, c]) => {
            let (x, norm) = (tensor(1, &[r, c])?, LayerNorm::new(tensor(2, &[c])?, tensor(3, &[c])?, 1e-5));
            bench.run(|| norm.forward(&x).unwrap(), values);
        }
        ("gelu", &[r, c]) => {
            let x = tensor(1, &[r, c])?;
            bench.run(|| x.gelu_erf().unwrap(), values);
        }
        ("gelu_tanh", &[r, c]) => {
            let x = tensor(1, &[r, c])?;
            bench.run(|| x.gelu().unwrap(), values);
        }
        ("chain", &[r, c]) => {
            let (x, y) = (tensor(1, &[r, c])?, tensor(2, &[r, c])?);
            let step = || -> Result<_> { (((&x * &y)? + &x)?.relu()? * 0.5)? + 1.0 };
            bench.run(|| step().unwrap(), values);
        }
        ("gelu_add", &[r, c]) => {
            let (x, bias, residual) = (tensor(1, &[r, c])?, tensor(2, &[c])?, tensor(3, &[r, c])?);
            bench.run(|| (&residual + x.broadcast_add(&bias).unwrap().gelu_erf().unwrap()).unwrap(), values);
        }
        ("linear_gelu_add", &[m, k, n]) => {
            let (x, layer, residual) = (tensor(1, &[m, k])?, linear(2, k, n)?, tensor(4, &[m, n])?);
            bench.run(|| (&residual + layer.forward(&x).unwrap().gelu_erf().unwrap()).unwrap(), values);
        }
        ("train_encoder", &[b, s, h, d, f]) => training::encoder(bench, [b, s, h, d, f])?,
        ("train_decoder", &[b, s, v, h, d, f, layers]) => training::decoder(bench, [b, s, v, h, d, f, layers])?,
        ("minilm", &[first, count]) => minilm(bench, first, count)?,
        _ => {}
    }
    Ok(())
}

fn attention(bench: &Bench, [b, h, g, s, d]: [usize; 5], mask: Option<&Tensor>) -> Result<()> {
    let (q, k, v) = (tensor(1, &[b, h, s, d])?, tensor(2, &[b, g, s, d])?, tensor(3, &[b, g, s, d])?);
    let step = || {
        let (k, v) = (repeat_kv(k.clone(), h / g).unwrap(), repeat_kv(v.clone(), h / g).unwrap());
        attend(&q, &k, &v, mask).unwrap()
    };
    bench.run(step, |y| match bench.kind.as_str() {
        "padded_attention" => without_padding(values(y), &peers::lengths(b, s), h, d),
        _ => values(y),
    });
    Ok(())
}

/// As [`attention`], by the fused function, whose tensors are `[batch, sequence, heads, width]`.
fn flash(bench: &Bench, [b, h, g, s, d]: [usize; 5], mask: AttnMask) -> Result<()> {
    let transposed = |seed, heads| tensor(seed, &[b, heads, s, d])?.transpose(1, 2)?.contiguous();
    let (q, k, v) = (transposed(1, h)?, transposed(2, g)?, transposed(3, g)?);
    let scale = (d as f32).sqrt().recip();
    bench.run(|| flash_attn::<f32>(&q, &k, &v, scale, mask.clone(), None, None).unwrap(), values);
    Ok(())
}

fn attend(q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    let scale = (q.dim(D::Minus1)? as f64).sqrt().recip();
    let scores = (q.matmul(&k.transpose(2, 3)?)? * scale)?;
    let scores = match mask {
        Some(mask) => scores.broadcast_add(mask)?,
        None => scores,
    };
    ops::softmax_last_dim(&scores)?.matmul(v)
}

struct MultiHead {
    heads: usize,
    flash: bool,
    projections: [Linear; 3],
    output: Linear,
}

impl MultiHead {
    fn new(heads: usize, width: usize, flash: bool) -> Result<Self> {
        let embed = heads * width;
        let projections = [linear(2, embed, embed)?, linear(4, embed, embed)?, linear(6, embed, embed)?];
        Ok(MultiHead { heads, flash, projections, output: linear(8, embed, embed)? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (b, s, e) = x.dims3()?;
        let split = |i: usize| self.projections[i].forward(x)?.reshape((b, s, self.heads, e / self.heads));
        let (q, k, v) = (split(0)?, split(1)?, split(2)?);
        let merged = if self.flash {
            flash_attn::<f32>(&q, &k, &v, ((e / self.heads) as f32).sqrt().recip(), AttnMask::None, None, None)?
        } else {
            let [q, k, v] = [q, k, v].map(|x| x.transpose(1, 2).and_then(|x| x.contiguous()));
            attend(&q?, &k?, &v?, None)?
        };
        self.output.forward(&merged.transpose(1, 2)?.reshape((b, s, e))?)
    }
}

struct Encoder {
    attention: MultiHead,
    up: Linear,
    down: Linear,
    norms: [LayerNorm; 2],
}

impl Encoder {
    fn new(heads: usize, width: usize, hidden: usize, flash: bool) -> Result<Self> {
        let embed = heads * width;
        let ones = Tensor::from_vec(vec![1f32; embed], embed, &Device::Cpu)?;
        let norm = LayerNorm::new(ones.clone(), ones.zeros_like()?, 1e-5);
        Ok(Encoder {
            attention: MultiHead::new(heads, width, flash)?,
            up: linear(10, embed, hidden)?,
            down: linear(12, hidden, embed)?,
            norms: [norm.clone(), norm],
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.norms[0].forward(&(x + self.attention.forward(x)?)?)?;
        let hidden = self.up.forward(&x)?.relu()?;
        self.norms[1].forward(&(&x + self.down.forward(&hidden)?)?)
    }
}

fn minilm(bench: &Bench, first: usize, count: usize) -> Result<()> {
    let folder = peers::model();
    let config = std::fs::read_to_string(folder.join("config.json"))?;
    let config = serde_json::from_str(&config).map_err(candle_core::Error::wrap)?;
    // SAFETY: nobody changes the file.
    let weights =
        unsafe { VarBuilder::from_mmaped_safetensors(&[folder.join("model.safetensors")], DTYPE, &Device::Cpu)? };
    let model = BertModel::load(weights, &config)?;
    let (ids, valid) = peers::padded_tokens(first, count);
    let shape = (count, ids.len() / count);
    let (ids, valid) = (Tensor::from_vec(ids, shape, &Device::Cpu)?, Tensor::from_vec(valid, shape, &Device::Cpu)?);
    let types = ids.zeros_like()?;
    let step = || -> Result<Tensor> {
        let hidden = model.forward(&ids, &types, Some(&valid))?;
        let valid = valid.to_dtype(DTYPE)?.unsqueeze(2)?;
        let mean = hidden.broadcast_mul(&valid)?.sum(1)?.broadcast_div(&valid.sum(1)?)?;
        mean.broadcast_div(&mean.sqr()?.sum_keepdim(1)?.sqrt()?)
    };
    bench.run(|| step().unwrap(), values);
    Ok(())
}

fn linear(seed: u64, inputs: usize, outputs: usize) -> Result<Linear> {
    let weight = Tensor::from_vec(weights(seed, inputs, outputs * inputs), (outputs, inputs), &Device::Cpu)?;
    Ok(Linear::new(weight, Some(Tensor::from_vec(weights(seed + 1, inputs, outputs), outputs, &Device::Cpu)?)))
}

fn tensor(seed: u64, sizes: &[usize]) -> Result<Tensor> {
    Tensor::from_vec(input(seed, sizes.iter().product()), sizes, &Device::Cpu)
}

fn values(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}
