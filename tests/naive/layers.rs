//! Layers, masks, losses, a cache and gradients: the same on this engine as on the processor's.

use crate::engine::Plain;
use congruent::Piece;
use congruent::backend::{Autodiff, Backend, Engine};
use congruent::cpu::Processor;
use congruent::nn::{
    Activation, EncoderLayer, FeedForward, KeyValueCache, LayerNorm, Linear, MultiHeadAttention, NormOrder,
};
use congruent::nn::{MixtureOfExperts, Routing, attention_weights, cross_entropy, ctc_loss, smoothed_cross_entropy};
use congruent::optim::{Adafactor, Muon, Optimizer};
use congruent::prelude::*;

dims! { Batch = 2; Seq = 5; Embed = 12; Heads = 3; HeadDim = 4; Hidden = 24; Vocab = 7; Positions = 16; }

type On<E> = <E as Engine>::Backend<f32>;
type Joined = Times<Heads, HeadDim>;

/// A tensor of numbers that are the same on each engine.
fn tensor<E: Engine, S: Shape>(shape: S, seed: u64) -> Tensor<S, On<E>> {
    let numbers = Tensor::normal(shape, 0.0, 0.5, &mut Rng::with_seed(seed));
    numbers.to_engine::<On<E>>(&E::Device::default())
}

fn linear<E: Engine, I: Dim, O: Dim>(input: I, output: O, seed: u64) -> Linear<I, O, On<E>> {
    Linear { weight: tensor::<E, _>((output, input), seed), bias: Some(tensor::<E, _>((output,), seed + 50)) }
}

fn norm<E: Engine>(seed: u64) -> LayerNorm<Embed, On<E>> {
    LayerNorm { weight: tensor::<E, _>((Embed,), seed), bias: Some(tensor::<E, _>((Embed,), seed + 50)), epsilon: 1e-5 }
}

fn layer<E: Engine>() -> EncoderLayer<Embed, Heads, HeadDim, Hidden, On<E>> {
    let joined: Joined = Times(Heads, HeadDim);
    let project = |seed| linear::<E, Embed, Joined>(Embed, joined, seed);
    EncoderLayer {
        attention: MultiHeadAttention {
            query: project(1),
            key: project(2),
            value: project(3),
            output: linear::<E, Joined, Embed>(joined, Embed, 4),
        },
        attention_norm: norm::<E>(5),
        feed_forward: FeedForward {
            up: linear::<E, Embed, Hidden>(Embed, Hidden, 6),
            activation: Activation::Gelu,
            down: linear::<E, Hidden, Embed>(Hidden, Embed, 7),
        },
        feed_forward_norm: norm::<E>(8),
        order: NormOrder::Pre,
    }
}

/// What all of these give.
fn results<E: Engine>() -> Vec<(&'static str, Vec<f32>)>
where
    On<E>: Autodiff<Elem = f32, Engine = E>,
{
    let x = tensor::<E, _>((Batch, Seq, Embed), 10).tracked();
    let layer = layer::<E>();
    let lengths = Lengths::new(Batch, Seq, &[5, 2]).unwrap();
    let full = layer.forward(&x, &Full);
    let padded = layer.forward(&x, &lengths);
    let causal = layer.forward(&x, &Causal);
    let logits = linear::<E, Embed, Vocab>(Embed, Vocab, 11).forward(&causal);
    let targets = Ids::new((Batch, Seq), Vocab, &[0, 1, 2, 3, 4, 5, 6, 0, 1, 2]).unwrap();
    let targets = targets.to_engine::<On<E>>(&E::Device::default());
    let smoothed = smoothed_cross_entropy(&logits, &targets, 0.1);
    let loss = cross_entropy(&logits, &targets).mean(Seq).mean(Batch);

    let heads = |seed| tensor::<E, _>((Batch, Heads, Seq, HeadDim), seed);
    let (q, k) = (heads(12), heads(13));
    let weights = attention_weights(&q, &k, &Full);

    let cache = || KeyValueCache::<_, _, _, _, On<E>>::on_backend(Batch, Heads, HeadDim, Positions, 1);
    let [cached, in_eight_bits] = [cache(), cache().in_eight_bits()].map(|mut cache| {
        let steps = (0..2).map(|step| {
            let taken = cache.step(Seq, |cached| {
                let (keys, values) = cached.append(0, &heads(20 + step), &heads(30 + step));
                attention(&q, &keys, &values, cached.mask()).to_vec()
            });
            taken.unwrap()
        });
        steps.flatten().collect::<Vec<f32>>()
    });

    let values = loss.to_vec();
    let gradients = loss.backward();
    vec![
        ("all attend to all", full.to_vec()),
        // Beyond the lengths nothing is said.
        ("padded", padded.masked_sum(&lengths).to_vec()),
        ("causal", causal.to_vec()),
        ("logits", logits.to_vec()),
        ("losses", smoothed.to_vec()),
        ("mean loss", values),
        ("weights of attention", weights.to_vec()),
        ("attention beside a cache", cached),
        ("attention beside a cache in eight bits", in_eight_bits),
        ("gradients", gradients.of(&x).to_vec()),
        ("largest", full.argmax(Embed).to_vec().iter().map(|id| id.get() as f32).collect()),
    ]
}

/// Lists of tensors, joined and taken apart.
fn lists<E: Engine>() -> Vec<(&'static str, Vec<f32>)>
where
    On<E>: Autodiff<Elem = f32, Engine = E>,
{
    let x = tensor::<E, _>((Batch, Seq, Embed), 10).tracked();
    let mut pieces = x.pieces(Seq, &[2, 3]).unwrap();
    pieces.reverse();
    let reversed = Piece::concat(Seq, &pieces).unwrap();
    let twice = Tensor::try_concat(N::<2>, Seq, &[x.clone(), reversed.square()]).unwrap();
    let second = twice.chunks(Times(N::<2>, Seq))[1].sum(Embed).sum(Seq).sum(Batch);
    let last = x.unstack_vec(Seq)[4].to_vec();
    vec![
        ("pieces", reversed.to_vec()),
        ("a product", twice.to_vec()),
        ("the last", last),
        ("gradients of a list", second.backward().of(&x).to_vec()),
    ]
}

/// Experts, alignments and steps of optimizers, which no engine has operations of its own for.
fn composed<E: Engine>() -> Vec<(&'static str, Vec<f32>)>
where
    On<E>: Autodiff<Elem = f32, Engine = E>,
{
    dims! { Labels = 2; }
    let (device, rng) = (E::Device::default(), &mut Rng::with_seed(1));
    let x = tensor::<E, _>((Batch, Ragged(Seq), Embed), 10).tracked();
    let frames = Lengths::new(Batch, Ragged(Seq), &[5, 3]).unwrap();
    let experts = MixtureOfExperts::random(Embed, Hidden, Heads, Routing::new(2), rng).unwrap();
    let mut experts = experts.to_engine::<On<E>>(&device);
    experts.track();
    let mixed = experts.forward_padded(&x, &frames);
    let logits = linear::<E, Embed, Vocab>(Embed, Vocab, 11).forward(&mixed.y);
    let targets = Ids::new((Batch, Ragged(Labels)), Vocab, &[3, 3, 6, 0]).unwrap().to_engine::<On<E>>(&device);
    let labels = Lengths::new(Batch, Ragged(Labels), &[2, 1]).unwrap();
    let losses = ctc_loss(&logits.log_softmax(Vocab), &frames, &targets, &labels, Index::new(Vocab, 0).unwrap());
    let alignments = losses.to_vec();
    let gradients = (losses.mean(Batch) + mixed.balance).backward();
    let slopes = gradients.of(&x).to_vec();
    let stepped = |mut optimizer: Optimizer<On<E>>| {
        let mut experts = experts.clone();
        optimizer.step(&mut experts, &gradients, 1.0);
        let mut parameters = Vec::new();
        experts.for_each(|parameter| {
            let [rows, columns] = parameter.sizes() else { panic!("these have no biases") };
            let flat = On::<E>::reshape(parameter.array(), &[rows * columns]);
            parameters.extend(On::<E>::to_vec(&flat).unwrap());
        });
        parameters
    };
    vec![
        ("experts", mixed.y.masked_sum(&frames).to_vec()),
        ("alignments", alignments),
        ("their gradients", slopes),
        ("Muon", stepped(Optimizer::new(Muon::default()))),
        ("Adafactor", stepped(Optimizer::new(Adafactor::default()))),
    ]
}

#[test]
fn the_typed_layer_gives_the_same_as_on_the_processor() {
    let [processor, plain] = [
        [results::<Processor>(), lists::<Processor>(), composed::<Processor>()],
        [results::<Plain>(), lists::<Plain>(), composed::<Plain>()],
    ]
    .map(|results| results.into_iter().flatten());
    for ((what, expected), (_, found)) in processor.zip(plain) {
        assert_eq!(expected.len(), found.len(), "{what}");
        for (at, (expected, found)) in expected.iter().zip(&found).enumerate() {
            let room = 1e-5 * (1.0 + expected.abs());
            assert!((expected - found).abs() <= room, "{what}, element {at}: expected {expected}, found {found}");
        }
    }
}
