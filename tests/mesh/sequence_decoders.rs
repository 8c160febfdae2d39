//! Sequence-parallel decoders beside one process, and what they send.

use super::counted::counted;
use super::sequence::{Batch, Embed, HeadDim, Hidden, Model, On, Seq, assert_close, gradients, part};
use congruent::dim::{Dim, N, Shard};
use congruent::mesh::{Mesh, in_threads};
use congruent::nn::{
    GatedFeedForward, GroupedQueryAttention, LayerNorm, LlamaDecoder, LlamaLayer, RmsNorm, Rotary, RotaryLayout,
};
use congruent::prelude::*;

dims! { KeyHeads = 4; Group = 2; Positions = 16; Layers = 2; }

type Decoder<H, F, B = Cpu<f32>> = LlamaDecoder<Embed, Times<H, Group>, H, HeadDim, F, Positions, B>;

/// What comes before the layers has gradients of all ranks as well.
#[derive(Clone, Module)]
struct Block<H, F, B: Backend = Cpu<f32>> {
    first: LayerNorm<Embed, B>,
    decoder: Decoder<H, F, B>,
}

fn decoder<H: Dim, F: Dim>(heads: H, hidden: F, rng: &mut Rng) -> Decoder<H, F> {
    let mut norm = || RmsNorm { weight: Tensor::uniform((Embed,), 0.5..1.5, rng), ..RmsNorm::new(Embed, 1e-5) };
    let norms: Vec<_> = (0..2 * Layers.size()).map(|_| norm()).collect();
    let norm = norm();
    let layers = norms.chunks(2).map(|norms| LlamaLayer {
        attention_norm: norms[0].clone(),
        attention: GroupedQueryAttention::random(Embed, Times(heads, Group), heads, HeadDim, rng),
        feed_forward_norm: norms[1].clone(),
        feed_forward: GatedFeedForward::random(Embed, hidden, rng),
    });
    LlamaDecoder { layers: layers.collect(), norm, rotary: Rotary::new(Positions, HeadDim, 100.0, RotaryLayout::Half) }
}

/// The texts begin at different positions.
fn positions() -> Ids<(Batch, Seq), Positions> {
    Ids::new((Batch, Seq), Positions, &(0..8).chain(5..13).collect::<Vec<_>>()).unwrap()
}

#[test]
fn sequence_parallel_decoders_are_those_of_one_process() {
    let x = Tensor::<(Batch, Seq, Embed)>::normal((Batch, Seq, Embed), 0.0, 1.0, &mut Rng::with_seed(5));
    let lengths = Lengths::new(Batch, Seq, &[8, 5]).unwrap();
    let mask = Causal.and(lengths);
    let block =
        Block { first: LayerNorm::new(Embed, 1e-5), decoder: decoder(KeyHeads, Hidden, &mut Rng::with_seed(3)) };
    let expected =
        gradients(&block, |Block { first, decoder }| decoder.forward(&first.forward(&x), &positions(), &mask));
    for ranks in [1, 2, 4] {
        in_threads(ranks, |world| {
            bind!(model: Model = ranks);
            let mesh = Mesh::new(world, (model,)).unwrap();
            let seq = mesh.try_shard(Seq, model).unwrap();
            let (heads, hidden) = (mesh.try_shard(KeyHeads, model).unwrap(), mesh.try_shard(Hidden, model).unwrap());
            let decoder = decoder(heads, hidden, &mut Rng::with_seed(3));
            let block = Block { first: LayerNorm::new(Embed, 1e-5), decoder }.to_engine::<On>(&mesh.device());
            let x = x.to_engine::<On>(&mesh.device()).shard(seq);
            let positions = positions().to_engine::<On>(&mesh.device());
            let by_decoder = gradients(&block, |Block { first, decoder }| {
                decoder.forward_sequence_parallel(&first.forward(&x), &positions, &mask).all_gather(seq)
            });
            // The same, layer by layer.
            let by_layers = gradients(&block, |Block { first, decoder }| {
                let x = decoder.layers.iter().fold(first.forward(&x), |x, layer| {
                    layer.forward_sequence_parallel(&x, &decoder.rotary, &positions, &mask)
                });
                decoder.norm.forward(&x).all_gather(seq)
            });
            for found in [by_decoder, by_layers] {
                assert_eq!(found.len(), expected.len());
                for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                    let what = format!("{name} of {ranks} ranks");
                    assert_close(&what, found, &part(expected, found.len(), name, ranks, mesh.rank(model)));
                }
            }
        });
    }
}

/// A layer gathers twice and scatters twice, and its backward pass does so as well: as much as two all-reduces each, which a layer
/// takes whose norms are of the whole sequence on each rank.
#[test]
fn a_layer_sends_what_two_all_reduces_do() {
    const RANKS: usize = 4;
    in_threads(RANKS, |world| {
        let (world, counts) = counted(world);
        let mesh = Mesh::new(world, (N::<RANKS>,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, N::<RANKS>), mesh.device());
        let (heads, hidden) = (mesh.shard(KeyHeads, N::<RANKS>), mesh.shard(Hidden, N::<RANKS>));
        let Decoder { layers, rotary, .. } = decoder(heads, hidden, &mut Rng::with_seed(1)).to_engine::<On>(&device);
        let positions = positions().to_engine::<On>(&device);
        let x = Tensor::<(Batch, Seq, Embed)>::normal((Batch, Seq, Embed), 0.0, 1.0, &mut Rng::with_seed(2));
        let x = x.to_engine::<On>(&device);
        let (own, x) = (x.shard(seq).tracked(), x.tracked());
        let whole = Batch.size() * Seq.size() * Embed.size();
        counts.take();

        let y: Tensor<(Batch, Shard<_, _>, Embed), On> =
            layers[0].forward_sequence_parallel(&own, &rotary, &positions, &Causal);
        assert_eq!(counts.take(), [0, 2 * whole, 0, 2 * whole / RANKS], "forward");
        let loss = y.square().mean(Embed).mean(Batch).partial_mean(seq).all_reduce();
        counts.take();
        let gradient = loss.backward().of(&own);
        assert_eq!(counts.take(), [0, 2 * whole, 0, 2 * whole / RANKS], "backward");

        let y = layers[0].forward(&x, &rotary, &positions, &Causal);
        assert_eq!(counts.take(), [2 * whole, 0, 0, 0], "forward, of the whole sequence");
        let expected = y.square().mean(Embed).mean(Batch).mean(Seq).backward().of(&x);
        assert_eq!(counts.take(), [2 * whole, 0, 0, 0], "backward, of the whole sequence");
        assert_close("the gradient", &gradient.to_vec(), &expected.shard(seq).to_vec());
    });
}
