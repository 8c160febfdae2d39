//! burn with its backend `flex`: tensors, `module::attention` and layers.

mod training;

use burn::module::{Module, Param};
use burn::nn::{LayerNormConfig, Linear};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Device, Tensor, TensorData, activation, module};
use peers::{Bench, each_case, input, weights, without_padding};

fn main() {
    let device = Device::flex();
    each_case(|bench| case(bench, &device));
}

fn case(bench: &Bench, device: &Device) {
    match (bench.kind.as_str(), bench.sizes.as_slice()) {
        ("matmul", &[m, k, n]) => {
            let (a, b) = (tensor(1, [m, k], device), tensor(2, [k, n], device));
            bench.run(|| a.clone().matmul(b.clone()), values);
        }
        ("linear", &[m, k, n]) => {
            let (x, layer) = (tensor(1, [m, k], device), Linear { bias: None, ..linear(2, k, n, device) });
            bench.run(|| layer.forward(x.clone()), values);
        }
        ("batch_matmul", &[b, m, k, n]) => {
            let (a, b) = (tensor(1, [b, m, k], device), tensor(2, [b, k, n], device));
            bench.run(|| a.clone().matmul(b.clone()), values);
        }
        ("attention" | "causal_attention" | "padded_attention", &[b, h, s, d]) => {
            attention(bench, [b, h, h, s, d], device)
        }
        ("grouped_attention", &[b, h, g, s, d]) => attention(bench, [b, h, g, s, d], device),
        ("mha", &[b, s, h, d]) => {
            let (x, layer) = (tensor(1, [b, s, h * d], device), MultiHead::new(2, h, d, device));
            bench.run(|| layer.forward(x.clone()), values);
        }
        ("encoder", &[b, s, h, d, f]) => {
            let (embed, x) = (h * d, tensor(1, [b, s, h * d], device));
            let (attention, norm) = (MultiHead::new(2, h, d, device), LayerNormConfig::new(embed).init(device));
            let (up, down) = (linear(10, embed, f, device), linear(12, f, embed, device));
            let step = || {
                let y = norm.forward(x.clone() + attention.forward(x.clone()));
                norm.forward(y.clone() + down.forward(activation::relu(up.forward(y))))
            };
            bench.run(step, values);
        }
        ("train_encoder", &[b, s, h, d, f]) => training::encoder(bench, [b, s, h, d, f], &device.clone().autodiff()),
        ("train_decoder", &[b, s, v, h, d, f, layers]) => {
            training::decoder(bench, [b, s, v, h, d, f, layers], &device.clone().autodiff())
        }
        ("linear_gelu_add", &[m, k, n]) => {
            let (x, r) = (tensor(1, [m, k], device), tensor(4, [m, n], device));
            let layer = linear(2, k, n, device);
            bench.run(|| r.clone() + activation::gelu(layer.forward(x.clone())), values);
        }
        (kind, &[rows, columns]) => {
            let [x, y, r] = [1, 2, 3].map(|seed| tensor(seed, [rows, columns], device));
            match kind {
                "softmax" => bench.run(|| activation::softmax(x.clone(), 1), values),
                "layer_norm" => {
                    let weight = |seed| Param::from_tensor(tensor(seed, [columns], device));
                    let mut norm = LayerNormConfig::new(columns).init(device);
                    (norm.gamma, norm.beta) = (weight(2), Some(weight(3)));
                    bench.run(|| norm.forward(x.clone()), values);
                }
                "gelu" => bench.run(|| activation::gelu(x.clone()), values),
                "gelu_tanh" => bench.run(|| activation::gelu_approximate(x.clone()), values),
                "chain" => bench.run(|| activation::relu(x.clone() * y.clone() + x.clone()) * 0.5 + 1.0, values),
                "gelu_add" => {
                    let bias = tensor(2, [1, columns], device);
                    bench.run(|| r.clone() + activation::gelu(x.clone() + bias.clone()), values);
                }
                _ => {}
            }
        }
        _ => {}
    }
}

fn attention(bench: &Bench, [b, h, g, s, d]: [usize; 5], device: &Device) {
    let q = tensor(1, [b, h, s, d], device);
    let [k, v] = [2, 3].map(|seed| tensor(seed, [b, g, s, d], device));
    let lengths = peers::lengths(b, s);
    let mask = (bench.kind == "padded_attention").then(|| {
        let padding = (0..b * s).map(|i| i % s >= lengths[i / s]).collect::<Vec<bool>>();
        Tensor::<4, Bool>::from_data(TensorData::new(padding, [b, 1, 1, s]), device).expand([b, h, s, s])
    });
    let options = AttentionModuleOptions { is_causal: bench.kind == "causal_attention", ..Default::default() };
    // Each head of keys and values once for each head of queries.
    let repeat = |x: &Tensor<4>| match h / g {
        1 => x.clone(),
        n => x.clone().reshape([b, g, 1, s * d]).repeat_dim(2, n).reshape([b, h, s, d]),
    };
    let step = || module::attention(q.clone(), repeat(&k), repeat(&v), mask.clone(), None, options);
    bench.run(step, |y| match mask {
        Some(_) => without_padding(values(y), &lengths, h, d),
        None => values(y),
    });
}

#[derive(Module, Debug)]
struct MultiHead {
    heads: usize,
    causal: bool,
    projections: [Linear; 3],
    output: Linear,
}

impl MultiHead {
    fn new(first: u64, heads: usize, width: usize, device: &Device) -> Self {
        let embed = heads * width;
        let projections = [0, 2, 4].map(|seed| linear(first + seed, embed, embed, device));
        MultiHead { heads, causal: false, projections, output: linear(first + 6, embed, embed, device) }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [b, s, e] = x.dims();
        let [q, k, v] = self
            .projections
            .each_ref()
            .map(|linear| linear.forward(x.clone()).reshape([b, s, self.heads, e / self.heads]).swap_dims(1, 2));
        let options = AttentionModuleOptions { is_causal: self.causal, ..Default::default() };
        let y = module::attention(q, k, v, None, None, options);
        self.output.forward(y.swap_dims(1, 2).reshape([b, s, e]))
    }
}

/// burn keeps the weight of a layer as `[inputs, outputs]`.
fn linear(seed: u64, inputs: usize, outputs: usize, device: &Device) -> Linear {
    let transposed = weights(seed, inputs, outputs * inputs);
    let weight = (0..inputs * outputs).map(|i| transposed[i % outputs * inputs + i / outputs]).collect::<Vec<f32>>();
    let bias = TensorData::new(weights(seed + 1, inputs, outputs), [outputs]);
    Linear {
        weight: Param::from_tensor(Tensor::from_data(TensorData::new(weight, [inputs, outputs]), device)),
        bias: Some(Param::from_tensor(Tensor::from_data(bias, device))),
    }
}

fn tensor<const N: usize>(seed: u64, sizes: [usize; N], device: &Device) -> Tensor<N> {
    Tensor::from_data(TensorData::new(input(seed, sizes.iter().product()), sizes), device)
}

fn values<const N: usize>(x: &Tensor<N>) -> Vec<f32> {
    x.to_data().try_to_vec().unwrap()
}
