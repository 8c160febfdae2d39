//! dfdx: steps of training. Its sizes are constants.

use dfdx::nn::modules::{Embedding, LayerNorm1D, Linear, MultiHeadAttention, TransformerEncoderBlock};
use dfdx::optim::Adam;
use dfdx::prelude::{Module, *};
use peers::{Bench, each_case, input, weights};
use std::cell::RefCell;

type Device = Cpu;
type Tape = OwnedTape<f32, Device>;
type Grads = Gradients<f32, Device>;
/// A layer of eight heads, and one of four.
type Wide = TransformerEncoderBlock<512, 8, 2048, f32, Device>;
type Layer = TransformerEncoderBlock<128, 4, 512, f32, Device>;
type Sequence<const B: usize, const S: usize, const E: usize, T = Tape> = Tensor<Rank3<B, S, E>, f32, Device, T>;

fn main() {
    each_case(|bench| match (bench.kind.as_str(), bench.sizes.as_slice()) {
        ("train_encoder", [32, 20, 8, 64, 2048]) => encoder(bench),
        ("train_decoder", [32, 128, 84, 4, 32, 512, 5]) => decoder(bench),
        _ => {}
    });
}

/// The mean square of what a layer gives.
fn encoder(bench: &Bench) {
    let device = Device::default();
    let x: Sequence<32, 20, 512, NoneTape> = tensor(&device, input(1, 32 * 20 * 512));
    let mut layer: Wide = device.build_module::<dfdx::nn::builders::TransformerEncoderBlock<512, 8, 2048>, f32>();
    fill(&mut layer, 2);
    for (norm, seed) in [&mut layer.norm1, &mut layer.norm2].into_iter().zip([20, 22]) {
        norm.gamma = tensor(&device, input(seed, 512));
        norm.beta = tensor(&device, input(seed + 1, 512));
    }
    // In two steps, as it sums one number after another.
    let loss = |layer: &Wide, gradients| layer.forward(x.trace(gradients)).square().mean::<_, Axis<2>>().mean();
    train(bench, layer, None, loss, |layer, gradients| {
        let mut parts = Vec::new();
        layer_gradients(layer, gradients, &mut parts);
        parts
    });
}

/// The tokens, the positions, the layers, the norm and the output of a language model.
type Decoder = (
    Embedding<84, 128, f32, Device>,
    Embedding<128, 128, f32, Device>,
    Repeated<Layer, 5>,
    LayerNorm1D<128, f32, Device>,
    Linear<128, 84, f32, Device>,
);

/// The mean cross-entropy of a language model.
fn decoder(bench: &Bench) {
    use dfdx::nn::builders;
    type Builder = (
        builders::Embedding<84, 128>,
        builders::Embedding<128, 128>,
        Repeated<builders::TransformerEncoderBlock<128, 4, 512>, 5>,
        builders::LayerNorm1D<128>,
        builders::Linear<128, 84>,
    );
    let device = Device::default();
    let mut model: Decoder = device.build_module::<Builder, f32>();
    model.0.weight = tensor(&device, input(200, 84 * 128));
    model.1.weight = tensor(&device, input(201, 128 * 128));
    model.2.modules.iter_mut().zip(0..).for_each(|(layer, i)| fill(layer, 2 + 16 * i));
    fill_linear(&mut model.4, 202);
    let ids = |seed| peers::ids(seed, 32 * 128, 84).into_iter().map(|id| id as usize).collect::<Vec<_>>();
    let [ids, targets] = [300, 301].map(|seed| device.tensor_from_vec(ids(seed), (Const::<32>, Const::<128>)));
    let mask = (0..128 * 128).map(|i| if i % 128 > i / 128 { f32::NEG_INFINITY } else { 0.0 }).collect();
    let mask: Tensor<Rank2<128, 128>, f32, Device> = tensor(&device, mask);
    let loss = |model: &Decoder, gradients| {
        let (tokens, positions, layers, norm, output) = model;
        let x: Sequence<32, 128, 128> = tokens.weight.trace(gradients).gather(ids.clone());
        let mut x = x + positions.weight.retaped::<Tape>().broadcast();
        for layer in &layers.modules {
            let (before, tape) = x.split_tape();
            x = attend(&layer.self_attn, layer.norm1.forward(before.clone().put_tape(tape)), &mask) + before;
            let (before, tape) = x.split_tape();
            let (up, _, down) = &layer.ff.0;
            let hidden = up.forward(layer.norm2.forward(before.clone().put_tape(tape))).fast_gelu();
            x = down.forward(hidden) + before;
        }
        output.forward(norm.forward(x)).log_softmax::<Axis<2>>().select(targets.clone()).mean().negate()
    };
    let decay = Some(WeightDecay::Decoupled(0.01));
    let adam = AdamConfig { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: decay };
    train(bench, model, Some(adam), loss, |model, gradients| {
        let (tokens, positions, layers, norm, output) = model;
        let mut parts = vec![of(&tokens.weight, gradients), of(&positions.weight, gradients)];
        layers.modules.iter().for_each(|layer| layer_gradients(layer, gradients, &mut parts));
        parts.extend([of(&norm.gamma, gradients), of(&norm.beta, gradients)]);
        parts.extend([of(&output.weight, gradients), of(&output.bias, gradients)]);
        parts
    });
}

/// Causal attention, which the layer itself has not.
fn attend<const B: usize, const S: usize>(
    layer: &MultiHeadAttention<128, 4, 128, 128, f32, Device>,
    x: Sequence<B, S, 128>,
    mask: &Tensor<Rank2<S, S>, f32, Device>,
) -> Sequence<B, S, 128> {
    type Split<const B: usize, const S: usize> = Rank4<B, S, 4, 32>;
    let (x, tape) = x.split_tape();
    let v = layer.w_v.forward(x.retaped::<Tape>()).reshape::<Split<B, S>>().permute::<_, Axes4<0, 2, 1, 3>>();
    let k = layer.w_k.forward(x.retaped::<Tape>()).reshape::<Split<B, S>>().permute::<_, Axes4<0, 2, 3, 1>>();
    let q = layer.w_q.forward(x.put_tape(tape)).reshape::<Split<B, S>>().permute::<_, Axes4<0, 2, 1, 3>>();
    let scores = q.matmul(k) * 32f32.sqrt().recip();
    let shares = (scores + mask.clone().broadcast()).softmax::<Axis<3>>();
    let merged = shares.matmul(v).permute::<_, Axes4<0, 2, 1, 3>>().reshape::<Rank3<B, S, 128>>();
    layer.w_o.forward(merged)
}

/// Runs steps as its users do: the gradients of the parameters stay, and are set to zero before each step.
fn train<M: ZeroGrads<f32, Device>>(
    bench: &Bench,
    model: M,
    adam: Option<AdamConfig>,
    loss: impl Fn(&M, Grads) -> Tensor<Rank0, f32, Device, Tape>,
    parts: impl FnOnce(&M, &Grads) -> Vec<Vec<f32>>,
) {
    let gradients_of = |model: &M, mut gradients: Grads| {
        model.zero_grads(&mut gradients);
        let loss = loss(model, gradients);
        (loss.array(), loss.backward())
    };
    let optimizer = adam.map(|config| Adam::new(&model, config));
    let state = RefCell::new((model.alloc_grads(), model, optimizer));
    let step = || {
        let (kept, model, optimizer) = &mut *state.borrow_mut();
        let (_, gradients) = gradients_of(model, std::mem::replace(kept, Grads::leaky()));
        if let Some(optimizer) = optimizer {
            optimizer.update(model, &gradients).expect("every parameter has a gradient");
        }
        *kept = gradients;
    };
    bench.run_parts(step, |()| {
        let (kept, model, _) = &*state.borrow();
        let (loss, gradients) = gradients_of(model, kept.clone());
        [vec![loss]].into_iter().chain(parts(model, &gradients)).collect()
    });
}

fn fill<const E: usize, const H: usize, const F: usize>(
    layer: &mut TransformerEncoderBlock<E, H, F, f32, Device>,
    first: u64,
) {
    fill_linear(&mut layer.self_attn.w_q, first);
    fill_linear(&mut layer.self_attn.w_k, first + 2);
    fill_linear(&mut layer.self_attn.w_v, first + 4);
    fill_linear(&mut layer.self_attn.w_o, first + 6);
    fill_linear(&mut layer.ff.0.0, first + 8);
    fill_linear(&mut layer.ff.0.2, first + 10);
}

fn fill_linear<const I: usize, const O: usize>(layer: &mut Linear<I, O, f32, Device>, seed: u64) {
    layer.weight.copy_from(&weights(seed, I, O * I));
    layer.bias.copy_from(&weights(seed + 1, I, O));
}

/// In the order of the seeds, then of the norms; without that of the keys' bias, which is zero but for rounding.
fn layer_gradients<const E: usize, const H: usize, const F: usize>(
    layer: &TransformerEncoderBlock<E, H, F, f32, Device>,
    gradients: &Grads,
    parts: &mut Vec<Vec<f32>>,
) {
    let MultiHeadAttention { w_q, w_k, w_v, w_o } = &layer.self_attn;
    let (up, _, down) = &layer.ff.0;
    parts.extend([of(&w_q.weight, gradients), of(&w_q.bias, gradients), of(&w_k.weight, gradients)]);
    parts.extend([of(&w_v.weight, gradients), of(&w_v.bias, gradients)]);
    parts.extend([of(&w_o.weight, gradients), of(&w_o.bias, gradients)]);
    parts.extend([of(&up.weight, gradients), of(&up.bias, gradients)]);
    parts.extend([of(&down.weight, gradients), of(&down.bias, gradients)]);
    for norm in [&layer.norm1, &layer.norm2] {
        parts.extend([of(&norm.gamma, gradients), of(&norm.beta, gradients)]);
    }
}

fn of<S: Shape>(parameter: &Tensor<S, f32, Device>, gradients: &Grads) -> Vec<f32> {
    gradients.get(parameter).as_vec()
}

fn tensor<S: ConstShape>(device: &Device, values: Vec<f32>) -> Tensor<S, f32, Device> {
    device.tensor_from_vec(values, S::default())
}
