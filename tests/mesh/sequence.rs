//! Sequences of which each rank has a part outside of attention: sequence-parallel blocks, what they send, and uneven parts.

use super::counted::counted;
use congruent::backend::{Autodiff, Backend};
use congruent::dim::{Dim, N, Shard};
use congruent::mesh::{Mesh, OnMesh, RingAttention, in_threads};
use congruent::nn::{
    Dropout, EncoderLayer, LayerNorm, LearnedPositions, Linear, NormOrder, RmsNorm, Training, mean_of_valid,
};
use congruent::prelude::*;

dims! { pub Batch = 2; pub Seq = 8; pub Embed = 6; Heads = 4; pub HeadDim = 2; pub Hidden = 12; pub Model; }

pub type On = OnMesh<Cpu<f32>>;

#[track_caller]
pub fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        // Sums are of other orders, in single precision.
        assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{what}: {found}, expected {expected}");
    }
}

/// The result, and by name the gradients of the parameters, of the mean square.
pub fn gradients<M: Module<B> + Clone, B: Autodiff<Elem = f32>>(
    model: &M,
    forward: impl Fn(&M) -> Tensor<(Batch, Seq, Embed), B>,
) -> Vec<(String, Vec<f32>)> {
    let mut model = model.clone();
    model.track();
    let y = forward(&model);
    by_name(&model, y.to_vec(), &B::backward(y.square().mean(Embed).mean(Seq).sum(Batch).into_array()))
}

/// A result, and by name the gradients of all parameters of a model.
pub fn by_name<M: Module<B>, B: Autodiff<Elem = f32>>(
    model: &M,
    result: Vec<f32>,
    gradients: &B::Gradients,
) -> Vec<(String, Vec<f32>)> {
    let mut found = vec![("result".to_owned(), result)];
    model.for_each(|parameter| {
        let gradient = B::gradient(gradients, parameter.array()).expect("all parameters are used");
        found.push((parameter.path().to_string(), B::to_vec(&gradient).unwrap()));
    });
    found
}

/// An encoder layer, and what comes before and behind it: parameters of norms have gradients of all ranks.
#[derive(Clone, Module)]
struct Block<H, F, B: Backend = Cpu<f32>> {
    first: RmsNorm<Embed, B>,
    layer: EncoderLayer<Embed, H, HeadDim, F, B>,
    last: LayerNorm<Embed, B>,
}

fn block<H: Dim, F: Dim>(heads: H, hidden: F, order: NormOrder) -> Block<H, F> {
    let rng = &mut Rng::with_seed(3);
    let layer = EncoderLayer::random(Embed, heads, HeadDim, hidden, rng);
    let mut last = LayerNorm::new(Embed, 1e-5);
    last.bias = Some(Tensor::normal((Embed,), 0.0, 0.1, rng));
    Block { first: RmsNorm::new(Embed, 1e-5), layer: EncoderLayer { order, ..layer }, last }
}

#[test]
fn sequence_parallel_blocks_are_those_of_one_process() {
    let x = Tensor::<(Batch, Seq, Embed)>::normal((Batch, Seq, Embed), 0.0, 1.0, &mut Rng::with_seed(5));
    for order in [NormOrder::Pre, NormOrder::Post] {
        for rate in [None, Some(0.3)] {
            let expected = gradients(&block(Heads, Hidden, order), |block| {
                let x = block.first.forward(&x);
                block.last.forward(&match rate {
                    None => block.layer.forward(&x, &Causal),
                    Some(rate) => {
                        let (rng, dropout) = (&mut Rng::with_seed(9), Dropout { rate });
                        block.layer.forward_training(&x, &Causal, dropout, &mut Training::new(rng))
                    }
                })
            });
            for ranks in [1, 2, 4] {
                in_threads(ranks, |world| {
                    bind!(model: Model = ranks);
                    let mesh = Mesh::new(world, (model,)).unwrap();
                    let seq = mesh.try_shard(Seq, model).unwrap();
                    let (heads, hidden) =
                        (mesh.try_shard(Heads, model).unwrap(), mesh.try_shard(Hidden, model).unwrap());
                    let block = block(heads, hidden, order).to_engine::<On>(&mesh.device());
                    let x = x.to_engine::<On>(&mesh.device()).shard(seq);
                    let found = gradients(&block, |block| {
                        let x = block.first.forward(&x);
                        let y = block.last.forward(&match rate {
                            None => block.layer.forward_sequence_parallel(&x, &Causal),
                            Some(rate) => {
                                let (rng, dropout) = (&mut Rng::with_seed(9), Dropout { rate });
                                let training = &mut Training::new(rng);
                                block.layer.forward_sequence_parallel_training(&x, &Causal, dropout, training)
                            }
                        });
                        y.all_gather(seq)
                    });
                    assert_eq!(found.len(), expected.len());
                    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                        let what = format!("{name} of {ranks} ranks, {order:?}, {rate:?}");
                        assert_close(&what, found, &part(expected, found.len(), name, ranks, mesh.rank(model)));
                    }
                });
            }
        }
    }
}

/// This rank's part of a parameter: of the weights of the output layers, columns, of all else rows.
pub fn part(whole: &[f32], length: usize, name: &str, ranks: usize, rank: usize) -> Vec<f32> {
    if whole.len() == length {
        return whole.to_vec();
    }
    let rows = if name.ends_with("output.weight") || name.ends_with("down.weight") { Embed.size() } else { 1 };
    let columns = whole.len() / rows / ranks;
    (0..rows).flat_map(|row| &whole[(row * ranks + rank) * columns..][..columns]).copied().collect()
}

/// The backward pass of an all-gather whose result meets what differs is a reduce-scatter, which sends half of what an all-reduce does.
#[test]
fn the_gradient_of_what_is_gathered_is_scattered() {
    const RANKS: usize = 4;
    in_threads(RANKS, |world| {
        let (world, counts) = counted(world);
        let mesh = Mesh::new(world, (N::<RANKS>,)).unwrap();
        let (seq, hidden) = (mesh.shard(Seq, N::<RANKS>), mesh.shard(Hidden, N::<RANKS>));
        let device = mesh.device();
        let rng = &mut Rng::with_seed(1);
        let up = Linear::random(Embed, hidden, rng).to_engine::<On>(&device);
        let down = Linear::random(hidden, Embed, rng).without_bias().to_engine::<On>(&device);
        let x =
            Tensor::<(Batch, Shard<_, _>, Embed)>::normal((Batch, seq, Embed), 0.0, 1.0, rng).to_engine::<On>(&device);
        let (x, whole) = (x.tracked(), Batch.size() * Seq.size() * Embed.size());
        counts.take();

        let y = down.forward_reduce_scatter(&up.forward(&x.all_gather(seq)), seq);
        assert_eq!(counts.take(), [0, whole, 0, whole / RANKS], "forward");
        let loss = y.square().mean(Embed).mean(Batch).partial_mean(seq).all_reduce();
        assert_eq!(counts.take(), [1, 0, 0, 0], "the loss");
        let gradients = loss.backward();
        // Of the reduce-scatter an all-gather, and the other way round; by rings, either sends (ranks - 1) / ranks of the whole
        // from each rank, and an all-reduce twice as much.
        assert_eq!(counts.take(), [0, whole, 0, whole / RANKS], "backward");

        // As where each rank has all of it.
        let all = x.clone().detach().all_gather(seq).tracked();
        let loss = down.forward(&up.forward(&all)).square().mean(Embed).mean(Batch).mean(Seq);
        let expected = loss.backward().of(&all).shard(seq);
        assert_close("of the part", &gradients.of(&x).to_vec(), &expected.to_vec());
    });
}

/// Keys and values go once around, and once more in the backward pass, with their gradients, which go home by one step more. No rank
/// gets the keys of all others at once.
#[test]
fn a_ring_sends_keys_and_values() {
    const RANKS: usize = 4;
    in_threads(RANKS, |world| {
        let (world, counts) = counted(world);
        let mesh = Mesh::new(world, (N::<RANKS>,)).unwrap();
        let seq = mesh.shard(Seq, N::<RANKS>);
        let x = Tensor::<(Batch, Heads, Shard<_, _>, HeadDim)>::ones((Batch, Heads, seq, HeadDim));
        let x = x.to_engine::<On>(&mesh.device()).tracked();
        counts.take();
        let y = attention(&x, &x, &x, &RingAttention::new(seq, Causal));
        let of_a_rank = 2 * Batch.size() * Heads.size() * (Seq.size() / RANKS) * HeadDim.size();
        assert_eq!(counts.take(), [0, 0, (RANKS - 1) * of_a_rank, 0], "forward");
        let loss = y.mean(HeadDim).mean(Heads).mean(Batch).partial_mean(seq).all_reduce();
        counts.take();
        drop(loss.backward());
        assert_eq!(counts.take(), [0, 0, (2 * RANKS - 1) * of_a_rank, 0], "backward");
    });
}

/// Two tensors that are gathered, one of which meets what is alike on all ranks before what differs.
#[test]
fn what_is_gathered_meets_what_is_alike_and_what_differs() {
    let x = Tensor::<(Batch, Seq, Embed)>::normal((Batch, Seq, Embed), 0.0, 1.0, &mut Rng::with_seed(1)).tracked();
    let scale = Tensor::<(Seq,)>::normal((Seq,), 0.0, 1.0, &mut Rng::with_seed(2));
    let loss = (&x * &x.tanh() + x.exp()).square().mean(Embed).mean(Batch);
    let expected = ((loss * &scale).sum(Seq) + x.square().mean(Embed).mean(Batch).mean(Seq)).backward();
    let expected = expected.of(&x);
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (N::<2>,)).unwrap();
        let (seq, device) = (mesh.shard(Seq, N::<2>), mesh.device());
        let x = x.clone().detach().to_engine::<On>(&device).shard(seq).tracked();
        let scale = scale.to_engine::<On>(&device);
        let all = x.all_gather(seq);
        // Each rank has its own features of what all have.
        let part = mesh.shard(Embed, N::<2>);
        let own = (&all * &all.tanh()).shard(part) + all.exp().shard(part);
        let losses: Tensor<(Batch, Seq), On> = own.square().partial_mean(part).all_reduce();
        let loss = (losses.mean(Batch) * &scale).sum(Seq) + all.square().mean(Embed).mean(Batch).mean(Seq);
        let found = loss.backward().of(&x);
        let whole = expected.to_engine::<On>(&device).shard(seq);
        assert_close("of the part", &found.to_vec(), &whole.to_vec());
    });
}

dims! { Data = 3; Rows = 9; Texts = 3; Long = 6; }

/// Seven rows on three ranks, the last of which has one: the mean is that of the rows, and not of the means of ranks.
#[test]
fn seven_rows_on_three_ranks() {
    let losses =
        Tensor::from_fn((N::<1>, Ragged(Rows)), |[_, row]| if row < 7 { (row * row) as f32 } else { f32::NAN });
    let losses = losses.tracked();
    let lengths = Lengths::new(N::<1>, Ragged(Rows), &[7]).unwrap();
    let mean = mean_of_valid(&losses, &lengths);
    let expected = mean.clone().backward().of(&losses).to_vec();
    assert_close("the mean", &[mean.scalar()], &[13.0]);
    in_threads(3, |world| {
        let mesh = Mesh::new(world, (Data,)).unwrap();
        let rows = mesh.shard(Ragged(Rows), Data);
        let losses = losses.clone().detach().to_engine::<On>(&mesh.device()).shard(rows).tracked();
        let loss = mean_of_valid(&losses, &lengths);
        assert_close("the mean of all ranks", &[loss.scalar()], &[13.0]);
        let own = &expected[3 * mesh.rank(Data)..][..3];
        assert_close("the gradient", &loss.backward().of(&losses).to_vec(), own);
        let mean: Tensor<(N<1>,), On> = losses.partial_masked_mean(&lengths).all_reduce();
        assert_close("the pending mean", &mean.to_vec(), &[13.0]);
    });
}

/// Each rank has a text of another length, one of them none: its tokens count, and not its mean.
#[test]
fn valid_tokens_of_all_ranks() {
    let valid = [6, 0, 2];
    let numbers = Tensor::<(Texts, Ragged<Long>)>::normal((Texts, Ragged(Long)), 0.0, 1.0, &mut Rng::with_seed(1));
    let losses = numbers.clone().tracked();
    let mean = mean_of_valid(&losses, &Lengths::new(Texts, Ragged(Long), &valid).unwrap());
    let expected = mean.clone().backward().of(&losses).to_vec();
    in_threads(3, |world| {
        let mesh = Mesh::new(world, (Data,)).unwrap();
        let texts = mesh.shard(Texts, Data);
        let rank = mesh.rank(Data);
        let losses = numbers.to_engine::<On>(&mesh.device()).shard(texts).tracked();
        let lengths = Lengths::new(texts, Ragged(Long), &valid[rank..=rank]).unwrap();
        let loss = mean_of_valid(&losses, &lengths);
        assert_close("the mean", &[loss.scalar()], &[mean.scalar()]);
        assert_close("the gradient", &loss.backward().of(&losses).to_vec(), &expected[6 * rank..][..6]);
    });
    // And where texts are divided as well as their number.
    in_threads(6, |world| {
        let mesh = Mesh::new(world, (Data, N::<2>)).unwrap();
        let (texts, long) = (mesh.shard(Texts, Data), mesh.shard(Ragged(Long), N::<2>));
        let (row, half) = (mesh.rank(Data), mesh.rank(N::<2>));
        let losses = numbers.to_engine::<On>(&mesh.device()).shard(texts).shard(long).tracked();
        let lengths = Lengths::new(texts, Ragged(Long), &valid[row..=row]).unwrap();
        let loss = mean_of_valid(&losses, &lengths);
        assert_close("the mean", &[loss.scalar()], &[mean.scalar()]);
        assert_close("the gradient", &loss.backward().of(&losses).to_vec(), &expected[6 * row + 3 * half..][..3]);
    });
}

/// What is learned for each position: each rank has the gradient of its own, and the table that of all.
#[test]
fn learned_positions_get_gradients_of_all_ranks() {
    let rng = &mut Rng::with_seed(1);
    let positions = LearnedPositions::random(Rows, Embed, rng);
    let x = Tensor::<(Batch, Seq, Embed)>::normal((Batch, Seq, Embed), 0.0, 1.0, rng);
    let expected = gradients(&positions, |positions| positions.forward(&x).unwrap());
    // From the second position on.
    let table = positions.weight.clone().tracked();
    let narrowed = (&x + table.narrow(Rows, 1, Seq).unwrap()).square().mean(Embed).mean(Seq).sum(Batch);
    let of_narrowed = narrowed.backward().of(&table).to_vec();
    for ranks in [1, 2, 4] {
        in_threads(ranks, |world| {
            bind!(context: Model = ranks);
            let mesh = Mesh::new(world, (context,)).unwrap();
            let seq = mesh.try_shard(Seq, context).unwrap();
            let (x, positions) =
                (x.to_engine::<On>(&mesh.device()).shard(seq), positions.to_engine::<On>(&mesh.device()));
            let found = gradients(&positions, |positions| positions.forward(&x).unwrap().all_gather(seq));
            for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                assert_close(&format!("{name} of {ranks} ranks"), found, expected);
            }
            let table = positions.weight.tracked();
            let y = &x + table.narrow(Rows, 1, seq).unwrap();
            let loss = y.square().mean(Embed).partial_mean(seq).all_reduce().sum(Batch);
            assert_close("what is narrowed", &loss.backward().of(&table).to_vec(), &of_narrowed);
        });
    }
}
