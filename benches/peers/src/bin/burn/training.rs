//! Steps of training: a loss, and its gradients of all parameters.

use super::{MultiHead, linear, tensor, values};
use burn::module::{Module, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Embedding, LayerNorm, LayerNormConfig, Linear};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData, activation};
use peers::Bench;
use std::cell::RefCell;

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
        // In two steps, as it sums one number after another.
        step(y.square().mean_dim(2).mean())
    };
    bench.run_parts(step, |result| {
        let mut parts = vec![values(&result.0)];
        layer.gradients(&result.1, &mut parts);
        parts
    });
}

/// A language model.
#[derive(Module, Debug)]
struct Decoder {
    tokens: Embedding,
    positions: Param<Tensor<3>>,
    layers: Vec<Layer>,
    norm: LayerNorm,
    output: Linear,
}

/// The mean cross-entropy of a language model.
pub fn decoder(bench: &Bench, [b, s, v, h, d, f, layers]: [usize; 7], device: &Device) {
    let embed = h * d;
    let model = Decoder {
        tokens: Embedding { weight: Param::from_tensor(tensor(200, [v, embed], device)) },
        positions: Param::from_tensor(tensor(201, [1, s, embed], device)),
        layers: (0..layers).map(|i| Layer::new(2 + 16 * i as u64, [h, d, f], true, device)).collect(),
        norm: LayerNormConfig::new(embed).init(device),
        output: linear(202, embed, v, device),
    };
    let ids = |seed| peers::ids(seed, b * s, v).into_iter().map(|id| id as i32).collect::<Vec<_>>();
    let input = Tensor::<2, Int>::from_data(TensorData::new(ids(300), [b, s]), device);
    let targets = Tensor::<1, Int>::from_data(TensorData::new(ids(301), [b * s]), device);
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let gradients = |model: &Decoder| {
        let mut x = model.tokens.forward(input.clone()) + model.positions.val();
        for layer in &model.layers {
            x = x.clone() + layer.attention.forward(layer.norms[0].forward(x));
            let hidden = activation::gelu_approximate(layer.up.forward(layer.norms[1].forward(x.clone())));
            x = x + layer.down.forward(hidden);
        }
        let logits = model.output.forward(model.norm.forward(x));
        step(cross_entropy.forward(logits.reshape([b * s, v]), targets.clone()))
    };
    let config = AdamWConfig::new().with_beta_1(0.9).with_beta_2(0.999).with_epsilon(1e-8).with_weight_decay(0.01);
    let state = RefCell::new((Some(model), config.init()));
    let update = || {
        let (kept, optimizer) = &mut *state.borrow_mut();
        let model = kept.take().expect("the step before has left it");
        let gradients = GradientsParams::from_grads(gradients(&model).1, &model);
        *kept = Some(optimizer.step(1e-3, model, gradients));
    };
    bench.run_parts(update, |()| {
        let kept = state.borrow();
        let model = kept.0.as_ref().expect("the step before has left it");
        let (loss, gradients) = gradients(model);
        let mut parts = vec![values(&loss), of(&model.tokens.weight, &gradients), of(&model.positions, &gradients)];
        model.layers.iter().for_each(|layer| layer.gradients(&gradients, &mut parts));
        parts.extend(of_norm(&model.norm, &gradients));
        parts.extend(of_linear(&model.output, &gradients));
        parts
    });
}

fn step(loss: Tensor<1>) -> Step {
    let gradients = loss.backward();
    (loss.detach(), gradients)
}

#[derive(Module, Debug)]
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
