//! Steps of training: a loss, and its gradients of all parameters.

use super::{Batch, HeadDim, Heads, Hidden, Seq, encoder_layer, linear, tensor};
use congruent::Gradients;
use congruent::nn::{Activation, Embedding, Encoder, EncoderLayer, LayerNorm, Linear, NormOrder, cross_entropy};
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;
use peers::Bench;
use std::cell::RefCell;

dims! { Vocab; }

/// The mean square of what a layer gives.
pub fn encoder(bench: &Bench, [b, s, h, d, f]: [usize; 5]) {
    bind!(batch: Batch = b, seq: Seq = s, heads: Heads = h, head_dim: HeadDim = d, hidden: Hidden = f);
    let embed = Times(heads, head_dim);
    let x = tensor(1, (batch, seq, embed));
    // Of a norm without weights the mean square does not depend on anything.
    let norm = |seed| LayerNorm {
        weight: tensor(seed, (embed,)),
        bias: Some(tensor(seed + 1, (embed,))),
        ..LayerNorm::new(embed, 1e-5)
    };
    let mut layer = EncoderLayer {
        attention_norm: norm(20),
        feed_forward_norm: norm(22),
        ..encoder_layer(2, heads, head_dim, hidden, Activation::Relu, NormOrder::Post)
    };
    layer.track();
    let step = || {
        let loss: Tensor<()> = layer.forward(&x, &Full).square().mean(embed).mean(seq).mean(batch);
        (loss.scalar(), loss.backward())
    };
    bench.run_parts(step, |(loss, gradients): &(f32, Gradients)| {
        let mut parts = vec![vec![*loss]];
        layer_gradients(&mut parts, gradients, &layer);
        parts
    });
}

/// A language model.
#[derive(Module)]
struct Decoder<V, S, E, H, D, F> {
    tokens: Embedding<V, E>,
    positions: Tensor<(S, E)>,
    layers: Encoder<E, H, D, F>,
    norm: LayerNorm<E>,
    output: Linear<E, V>,
}

/// The mean cross-entropy of a language model.
pub fn decoder(bench: &Bench, [b, s, v, h, d, f, layers]: [usize; 7]) {
    bind!(batch: Batch = b, seq: Seq = s, vocab: Vocab = v, heads: Heads = h, head_dim: HeadDim = d, hidden: Hidden = f);
    let embed = Times(heads, head_dim);
    let layer = |i| encoder_layer(2 + 16 * i, heads, head_dim, hidden, Activation::GeluTanh, NormOrder::Pre);
    let mut model = Decoder {
        tokens: Embedding { weight: tensor(200, (vocab, embed)) },
        positions: tensor(201, (seq, embed)),
        layers: Encoder { layers: (0..layers as u64).map(layer).collect() },
        norm: LayerNorm::new(embed, 1e-5),
        output: linear(202, embed, vocab),
    };
    model.track();
    let rule = AdamW { learning_rate: 1e-3, betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.01 };
    let state = RefCell::new((model, Optimizer::new(rule)));
    let [ids, targets] = [300, 301].map(|seed| Ids::new((batch, seq), vocab, &peers::ids(seed, b * s, v)).unwrap());
    let gradients = |model: &Decoder<_, _, _, _, _, _>| {
        let x = model.tokens.forward(&ids) + &model.positions;
        let logits = model.output.forward(&model.norm.forward(&model.layers.forward(&x, &Causal)));
        let loss: Tensor<()> = cross_entropy(&logits, &targets).mean(seq).mean(batch);
        (loss.scalar(), loss.backward())
    };
    let step = || {
        let (model, optimizer) = &mut *state.borrow_mut();
        let (_, gradients) = gradients(model);
        optimizer.step(model, &gradients, 1.0);
    };
    bench.run_parts(step, |()| {
        let (model, _) = &*state.borrow();
        let (loss, gradients) = gradients(model);
        let of_tables = [gradients.of(&model.tokens.weight).to_vec(), gradients.of(&model.positions).to_vec()];
        let mut parts = vec![vec![loss]];
        parts.extend(of_tables);
        model.layers.layers.iter().for_each(|layer| layer_gradients(&mut parts, &gradients, layer));
        norm_gradients(&mut parts, &gradients, &model.norm);
        linear_gradients(&mut parts, &gradients, &model.output);
        parts
    });
}

/// The gradients of a layer, in the order of the seeds, then of its norms; without that of the keys' bias, which is zero
/// but for rounding.
fn layer_gradients<E: Dim, H: Dim, D: Dim, F: Dim>(
    parts: &mut Vec<Vec<f32>>,
    gradients: &Gradients,
    layer: &EncoderLayer<E, H, D, F>,
) {
    linear_gradients(parts, gradients, &layer.attention.query);
    parts.push(gradients.of(&layer.attention.key.weight).to_vec());
    linear_gradients(parts, gradients, &layer.attention.value);
    linear_gradients(parts, gradients, &layer.attention.output);
    linear_gradients(parts, gradients, &layer.feed_forward.up);
    linear_gradients(parts, gradients, &layer.feed_forward.down);
    norm_gradients(parts, gradients, &layer.attention_norm);
    norm_gradients(parts, gradients, &layer.feed_forward_norm);
}

fn linear_gradients<I: Dim, O: Dim>(parts: &mut Vec<Vec<f32>>, gradients: &Gradients, layer: &Linear<I, O>) {
    parts.push(gradients.of(&layer.weight).to_vec());
    parts.extend(layer.bias.as_ref().map(|bias| gradients.of(bias).to_vec()));
}

fn norm_gradients<E: Dim>(parts: &mut Vec<Vec<f32>>, gradients: &Gradients, norm: &LayerNorm<E>) {
    parts.push(gradients.of(&norm.weight).to_vec());
    parts.extend(norm.bias.as_ref().map(|bias| gradients.of(bias).to_vec()));
}
