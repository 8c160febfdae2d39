//! Steps of training: a loss, and its gradients of all parameters.

use super::{MultiHead, linear, tensor, values};
use burn::module::Param;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Embedding, LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData, activation};
use peers::Bench;

/// A loss, and its gradients.
type Step = (Tensor<1>, Gradients);

/// The mean square of what a layer gives.
pub fn encoder(bench: &Bench, [b, s, h, d, f]: [usize; 5], device: &Device) {
    let embed = h * d;
    let x = tensor(1, [b, s, embed], device);
    let norm = |seed| {
        let parameter = |seed| Param::from_tensor(tensor(seed, [embed], device));
        let mut norm = LayerNormConfig::new(embed).init(device);
        (norm.gamma, norm.beta) = (parameter(seed), Some(parameter(seed + 1)));
        norm
    };
    let layer = Layer { norms: [norm(20), norm(22)], ..Layer::new(2, [h, d, f], false, device) };
    let step = || {
        let [first, second] = &layer.norms;
        let y = first.forward(x.clone() + layer.attention.forward(x.clone()));
        let y = second.forward(y.clone() + layer.down.forward(activation::relu(layer.up.forward(y))));
        step(y.square().mean())
    };
    bench.run_parts(step, |result| {
        let mut parts = vec![values(&result.0)];
        layer.gradients(&result.1, &mut parts);
        parts
    });
}

/// The mean cross-entropy of a language model.
pub fn decoder(bench: &Bench, [b, s, v, h, d, f, layers]: [usize; 7], device: &Device) {
    let embed = h * d;
    let tokens = Embedding { weight: Param::from_tensor(tensor(200, [v, embed], device)) };
    let positions = Param::from_tensor(tensor(201, [1, s, embed], device));
    let layers: Vec<_> = (0..layers).map(|i| Layer::new(2 + 16 * i as u64, [h, d, f], true, device)).collect();
    let (norm, output) = (LayerNormConfig::new(embed).init(device), linear(202, embed, v, device));
    let ids = |seed| peers::ids(seed, b * s, v).into_iter().map(|id| id as i32).collect::<Vec<_>>();
    let input = Tensor::<2, Int>::from_data(TensorData::new(ids(300), [b, s]), device);
    let targets = Tensor::<1, Int>::from_data(TensorData::new(ids(301), [b * s]), device);
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let step = || {
        let mut x = tokens.forward(input.clone()) + positions.val();
        for layer in &layers {
            x = x.clone() + layer.attention.forward(layer.norms[0].forward(x));
            let hidden = activation::gelu_approximate(layer.up.forward(layer.norms[1].forward(x.clone())));
            x = x + layer.down.forward(hidden);
        }
        let logits = output.forward(norm.forward(x));
        step(cross_entropy.forward(logits.reshape([b * s, v]), targets.clone()))
    };
    bench.run_parts(step, |(loss, gradients)| {
        let mut parts = vec![values(loss), of(&tokens.weight, gradients), of(&positions, gradients)];
        layers.iter().for_each(|layer| layer.gradients(gradients, &mut parts));
        parts.extend(of_norm(&norm, gradients));
        parts.extend(of_linear(&output, gradients));
        parts
    });
}

fn step(loss: Tensor<1>) -> Step {
    let gradients = loss.backward();
    (loss.detach(), gradients)
}

struct Layer {
    attention: MultiHead,
    up: Linear,
    down: Linear,
    norms: [LayerNorm; 2],
}

impl Layer {
    fn new(first: u64, [heads, width, hidden]: [usize; 3], causal: bool, device: &Device) -> Self {
        let embed = heads * width;
        let norm = || LayerNormConfig::new(embed).init(device);
        Layer {
            attention: MultiHead { causal, ..MultiHead::new(first, heads, width, device) },
            up: linear(first + 8, embed, hidden, device),
            down: linear(first + 10, hidden, embed, device),
            norms: [norm(), norm()],
        }
    }

    /// In the order of the seeds, then of the norms; without that of the keys' bias, which is zero but for rounding.
    fn gradients(&self, gradients: &Gradients, parts: &mut Vec<Vec<f32>>) {
        let [query, key, value] = &self.attention.projections;
        parts.extend(of_linear(query, gradients));
        parts.push(of_linear(key, gradients).swap_remove(0));
        for layer in [value, &self.attention.output, &self.up, &self.down] {
            parts.extend(of_linear(layer, gradients));
        }
        self.norms.iter().for_each(|norm| parts.extend(of_norm(norm, gradients)));
    }
}

/// The gradient of the weight as `[outputs, inputs]`, and of the bias.
fn of_linear(layer: &Linear, gradients: &Gradients) -> Vec<Vec<f32>> {
    let weight = layer.weight.val().grad(gradients).map_or(Vec::new(), |gradient| values(&gradient.transpose()));
    [weight].into_iter().chain(layer.bias.as_ref().map(|bias| of(bias, gradients))).collect()
}

fn of_norm(norm: &LayerNorm, gradients: &Gradients) -> Vec<Vec<f32>> {
    [of(&norm.gamma, gradients)].into_iter().chain(norm.beta.as_ref().map(|beta| of(beta, gradients))).collect()
}

/// Nothing where there is no gradient.
fn of<const N: usize>(parameter: &Param<Tensor<N>>, gradients: &Gradients) -> Vec<f32> {
    parameter.val().grad(gradients).map_or(Vec::new(), |gradient| values(&gradient))
}
