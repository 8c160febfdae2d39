//! Steps of training: a loss, and its gradients of all parameters, from functions that have gradients. The fused softmax and
//! layer norm have none.

use super::{linear, tensor, values};
use candle_core::backprop::GradStore;
use candle_core::{D, Device, Module, Result, Tensor, Var};
use candle_nn::{AdamW, Embedding, Linear, Optimizer, loss, ops};
use peers::Bench;

/// A loss, and its gradients.
type Step = (Tensor, GradStore);

/// The mean square of what a layer gives.
pub fn encoder(bench: &Bench, [b, s, h, d, f]: [usize; 5]) -> Result<()> {
    let embed = h * d;
    let x = tensor(1, &[b, s, embed])?;
    let norm = |seed| Norm::new(tensor(seed, &[embed])?, tensor(seed + 1, &[embed])?);
    let layer = Layer { norms: [norm(20)?, norm(22)?], ..Layer::new(2, h, d, f)? };
    let step = || -> Result<Step> {
        let y = layer.norms[0].forward(&(&x + layer.attend(&x, None)?)?)?;
        let y = layer.norms[1].forward(&(&y + layer.down.forward(&layer.up.forward(&y)?.relu()?)?)?)?;
        let loss = y.sqr()?.mean_all()?;
        let gradients = loss.backward()?;
        Ok((loss.detach(), gradients))
    };
    bench.run_parts(|| step().unwrap(), |result| parts(result, &layer.parameters()));
    Ok(())
}

/// The mean cross-entropy of a language model.
pub fn decoder(bench: &Bench, [b, s, v, h, d, f, layers]: [usize; 7]) -> Result<()> {
    let embed = h * d;
    let tokens = Embedding::new(variable(tensor(200, &[v, embed])?)?, embed);
    let positions = variable(tensor(201, &[s, embed])?)?;
    let layers = (0..layers).map(|i| Layer::new(2 + 16 * i as u64, h, d, f)).collect::<Result<Vec<_>>>()?;
    let (norm, output) = (Norm::plain(embed)?, variables(linear(202, embed, v)?)?);
    let ids = Tensor::from_vec(peers::ids(300, b * s, v), (b, s), &Device::Cpu)?;
    let targets = Tensor::from_vec(peers::ids(301, b * s, v), b * s, &Device::Cpu)?;
    let mask = (0..s * s).map(|i| if i % s > i / s { f32::NEG_INFINITY } else { 0.0 }).collect();
    let mask = Tensor::from_vec(mask, (s, s), &Device::Cpu)?;
    let gradients = || -> Result<Step> {
        let mut x = tokens.forward(&ids)?.broadcast_add(&positions)?;
        for layer in &layers {
            x = (&x + layer.attend(&layer.norms[0].forward(&x)?, Some(&mask))?)?;
            x = (&x + layer.down.forward(&layer.up.forward(&layer.norms[1].forward(&x)?)?.gelu()?)?)?;
        }
        let logits = output.forward(&norm.forward(&x)?)?;
        let loss = loss::cross_entropy(&logits.reshape((b * s, v))?, &targets)?;
        let gradients = loss.backward()?;
        Ok((loss.detach(), gradients))
    };
    let mut parameters = vec![tokens.embeddings(), &positions];
    parameters.extend(layers.iter().flat_map(Layer::parameters));
    parameters.extend(norm.parameters());
    parameters.extend(of_linear(&output));
    let biases = layers.iter().filter_map(|layer| layer.projections[1].bias());
    let all = parameters.iter().copied().chain(biases).map(Var::from_tensor).collect::<Result<_>>()?;
    // Its defaults are those of the case.
    let mut optimizer = AdamW::new_lr(all, 1e-3)?;
    let step = || optimizer.step(&gradients().unwrap().1).unwrap();
    bench.run_parts(step, |()| parts(&gradients().unwrap(), &parameters));
    Ok(())
}

struct Layer {
    heads: usize,
    projections: [Linear; 3],
    output: Linear,
    up: Linear,
    down: Linear,
    norms: [Norm; 2],
}

impl Layer {
    fn new(first: u64, heads: usize, width: usize, hidden: usize) -> Result<Self> {
        let embed = heads * width;
        let square = |seed| variables(linear(first + seed, embed, embed)?);
        Ok(Layer {
            heads,
            projections: [square(0)?, square(2)?, square(4)?],
            output: square(6)?,
            up: variables(linear(first + 8, embed, hidden)?)?,
            down: variables(linear(first + 10, hidden, embed)?)?,
            norms: [Norm::plain(embed)?, Norm::plain(embed)?],
        })
    }

    fn attend(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (b, s, e) = x.dims3()?;
        let shape = (b, s, self.heads, e / self.heads);
        let split = |i: usize| self.projections[i].forward(x)?.reshape(shape)?.transpose(1, 2)?.contiguous();
        let (q, k, v) = (split(0)?, split(1)?, split(2)?);
        let scores = (q.matmul(&k.transpose(2, 3)?)? * (shape.3 as f64).sqrt().recip())?;
        let scores = match mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let merged = ops::softmax(&scores, D::Minus1)?.matmul(&v)?.transpose(1, 2)?.reshape((b, s, e))?;
        self.output.forward(&merged)
    }

    /// In the order of the seeds, then the norms; without the keys' bias, whose gradient is zero but for rounding.
    fn parameters(&self) -> Vec<&Tensor> {
        let [query, key, value] = &self.projections;
        let mut all: Vec<_> = of_linear(query).collect();
        all.push(key.weight());
        all.extend([value, &self.output, &self.up, &self.down].into_iter().flat_map(of_linear));
        all.extend(self.norms.iter().flat_map(Norm::parameters));
        all
    }
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    fn new(weight: Tensor, bias: Tensor) -> Result<Self> {
        Ok(Norm { weight: variable(weight)?, bias: variable(bias)? })
    }

    fn plain(embed: usize) -> Result<Self> {
        let ones = Tensor::from_vec(vec![1f32; embed], embed, &Device::Cpu)?;
        Norm::new(ones.clone(), ones.zeros_like()?)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::layer_norm_slow(x, &self.weight, &self.bias, 1e-5)
    }

    fn parameters(&self) -> [&Tensor; 2] {
        [&self.weight, &self.bias]
    }
}

fn of_linear(layer: &Linear) -> impl Iterator<Item = &Tensor> {
    [layer.weight()].into_iter().chain(layer.bias())
}

fn variable(x: Tensor) -> Result<Tensor> {
    Ok(Var::from_tensor(&x)?.into_inner())
}

fn variables(layer: Linear) -> Result<Linear> {
    let bias = layer.bias().cloned().map(variable).transpose()?;
    Ok(Linear::new(variable(layer.weight().clone())?, bias))
}

/// The loss, and the gradients of the parameters; none where there is none.
fn parts((loss, gradients): &Step, parameters: &[&Tensor]) -> Vec<Vec<f32>> {
    let gradient = |parameter: &&Tensor| gradients.get(parameter).map_or(Vec::new(), values);
    [values(loss)].into_iter().chain(parameters.iter().map(gradient)).collect()
}
