//! Attention in sequences of which each rank has a part, beside one process.

use super::other::{Other, products};
use super::sequence::by_name;
use congruent::backend::{ArrayOf, Autodiff, Backend, Binary, DeviceOf, Element, Float, Number, Reduce, Value};
use congruent::dim::{Dim, N, Shard};
use congruent::mask::{PreparedMask, SlidingWindow};
use congruent::mesh::{AllToAllAttention, Mesh, OnMesh, RingAttention, in_threads};
use congruent::nn::{
    AttentionOptions, GatedFeedForward, GroupedQueryAttention, LlamaDecoder, LlamaLayer, RmsNorm, Rotary, RotaryLayout,
    attention_with,
};
use congruent::prelude::*;
use congruent::shape::Shape;

dims! { Batch = 2; KeyHeads = 4; Group = 2; Seq = 8; HeadDim = 3; ValueDim = 5; Targets = 4; }

type On<T> = OnMesh<Cpu<T>>;
type QueryHeads = Times<KeyHeads, Group>;

/// Queries, keys, values and sinks.
struct Inputs<Q, K, B: Backend> {
    q: Tensor<(Batch, QueryHeads, Q, HeadDim), B>,
    k: Tensor<(Batch, KeyHeads, K, HeadDim), B>,
    v: Tensor<(Batch, KeyHeads, K, ValueDim), B>,
    sinks: Tensor<(QueryHeads,), B>,
}

type Results<Q, B> = Tensor<(Batch, QueryHeads, Q, ValueDim), B>;

impl<Q: Dim, K: Dim, T: Float> Inputs<Q, K, Cpu<T>> {
    fn random(queries: Q, keys: K) -> Self {
        let rng = &mut Rng::with_seed(7);
        let q = Cpu::<f32>::normal((Batch, Times(KeyHeads, Group), queries, HeadDim), 0.0, 1.5, rng).cast();
        let k = Cpu::<f32>::normal((Batch, KeyHeads, keys, HeadDim), 0.0, 1.5, rng).cast();
        let v = Cpu::<f32>::normal((Batch, KeyHeads, keys, ValueDim), 0.0, 1.0, rng).cast();
        Inputs { q, k, v, sinks: Cpu::<f32>::normal((Times(KeyHeads, Group),), 0.0, 1.0, rng).cast() }
    }
}

/// A sum of the results in which each has its own weight.
fn loss<B: Backend<Elem: Float>>(y: &ArrayOf<B>, device: &DeviceOf<B>) -> ArrayOf<B> {
    let sizes = B::sizes(y).to_vec();
    let factors = (0..sizes.iter().product()).map(|i: usize| (i * 37 % 101) as f64 * 0.02 - 1.0);
    let factors = factors.map(|x| B::Elem::from_value(Value::Float(x)).to_primitive());
    let mut loss = B::binary(Binary::Mul, y.clone(), B::from_elements(factors.collect(), &sizes, device));
    for _ in sizes {
        loss = B::reduce(Reduce::Sum, &loss, 0);
    }
    loss
}

/// The result, the loss, and the gradients of queries, keys, values and sinks.
fn found<Q: Dim, K: Dim, B: Autodiff<Elem: Float>>(
    inputs: Inputs<Q, K, B>,
    attend: impl Fn(&Inputs<Q, K, B>) -> Results<Q, B>,
) -> [Vec<f64>; 6] {
    let Inputs { q, k, v, sinks } = inputs;
    let inputs = Inputs { q: q.tracked(), k: k.tracked(), v: v.tracked(), sinks: sinks.tracked() };
    let y = attend(&inputs);
    let loss = loss::<B>(y.array(), &y.device());
    let numbers = |x: &ArrayOf<B>| -> Vec<f64> {
        B::to_vec(x).unwrap().into_iter().map(|x| format!("{x:?}").parse().unwrap()).collect()
    };
    let (y, value, gradients) = (numbers(y.array()), numbers(&loss), B::backward(loss));
    let of = |x: &ArrayOf<B>| B::gradient(&gradients, x).map_or_else(Vec::new, |x| numbers(&x));
    let Inputs { q, k, v, sinks } = &inputs;
    [y, value, of(q.array()), of(k.array()), of(v.array()), of(sinks.array())]
}

#[track_caller]
fn assert_close(what: &str, found: &[Vec<f64>; 6], expected: &[Vec<f64>; 6], tolerance: f64) {
    for (part, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}, {part}");
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let far = (found - expected).abs();
            assert!(far <= tolerance * expected.abs().max(1.0), "{what}, {part}, {i}: {found}, expected {expected}");
        }
    }
}

/// Sums are of other orders, in single precision.
const TOLERANCE: f64 = 1e-5;

/// Attention in one process, and by parts of the queries and keys, by a mask that both know; with what else there is.
macro_rules! check {
    ($what:expr, $queries:expr, $keys:expr, $mask:expr) => {
        check!($what, $queries, $keys, $mask, |mask, _device| mask.clone())
    };
    ($what:expr, $queries:expr, $keys:expr, $mask:expr, |$own:ident, $device:ident| $on_mesh:expr) => {{
        let mask = $mask;
        for with in 0..2 {
            let expected = found(Inputs::<_, _, Cpu<f32>>::random($queries, $keys), |inputs| {
                attend!(with, &inputs.q, &inputs.k, &inputs.v, inputs.sinks, &mask)
            });
            along!(N::<1>, $what, with, $queries, $keys, expected, &mask, |$own, $device| $on_mesh);
            along!(N::<2>, $what, with, $queries, $keys, expected, &mask, |$own, $device| $on_mesh);
            along!(N::<4>, $what, with, $queries, $keys, expected, &mask, |$own, $device| $on_mesh);
        }
    }};
}

/// Attention alone, or with a scale, a soft cap and sinks.
macro_rules! attend {
    ($with:expr, $q:expr, $k:expr, $v:expr, $sinks:expr, $mask:expr) => {
        match $with {
            0 => attention($q, $k, $v, $mask),
            _ => {
                let options = AttentionOptions::new().scale(0.7).soft_cap(2.0).sinks(&$sinks);
                attention_with($q, $k, $v, $mask, options)
            }
        }
    };
}

macro_rules! along {
    ($axis:expr, $what:expr, $with:expr, $queries:expr, $keys:expr, $expected:expr, $mask:expr,
        |$own:ident, $device:ident| $on_mesh:expr) => {
        in_threads($axis.size(), |world| {
            let mesh = Mesh::new(world, ($axis,)).unwrap();
            let $device = mesh.device();
            let to = &$device;
            let (queries, keys) = (mesh.try_shard($queries, $axis).unwrap(), mesh.try_shard($keys, $axis).unwrap());
            let heads = mesh.try_shard(KeyHeads, $axis).unwrap();
            let Inputs { q, k, v, sinks } = Inputs::<_, _, Cpu<f32>>::random($queries, $keys);
            let inputs = || Inputs {
                q: q.to_engine::<On<f32>>(to),
                k: k.to_engine::<On<f32>>(to),
                v: v.to_engine::<On<f32>>(to),
                sinks: sinks.to_engine::<On<f32>>(to),
            };
            let $own = $mask;
            let ring = RingAttention::new(keys, $on_mesh);
            let all_to_all = AllToAllAttention::new(keys, heads, $on_mesh);
            let prepared = PreparedMask::new(&ring, to);
            let parts = |x: &Inputs<_, _, On<f32>>| (x.q.shard(queries), x.k.shard(keys), x.v.shard(keys));
            let found = [
                (
                    "ring",
                    found(inputs(), |x| {
                        let (q, k, v) = parts(x);
                        attend!($with, &q, &k, &v, x.sinks, &ring).all_gather(queries)
                    }),
                ),
                (
                    "prepared ring",
                    found(inputs(), |x| {
                        let (q, k, v) = parts(x);
                        attend!($with, &q, &k, &v, x.sinks, &prepared).all_gather(queries)
                    }),
                ),
                (
                    "all to all",
                    found(inputs(), |x| {
                        let (q, k, v) = parts(x);
                        attend!($with, &q, &k, &v, x.sinks, &all_to_all).all_gather(queries)
                    }),
                ),
            ];
            for (how, found) in found {
                let what = format!("{}, {how}, {} ranks, case {}", $what, $axis.size(), $with);
                assert_close(&what, &found, &$expected, TOLERANCE);
            }
        });
    };
}

#[test]
fn parts_of_a_sequence_attend_to_all_of_it() {
    check!("full", Seq, Seq, Full);
    check!("causal", Seq, Seq, Causal);
    check!("window", Seq, Seq, SlidingWindow(3));
    check!("cross", Targets, Seq, Full);
}

#[test]
fn by_pairs() {
    let near = Cpu::<bool>::from_fn((Seq, Seq), |[q, k]| q.abs_diff(k) < 3 || k == 0);
    check!("pairs", Seq, Seq, Allowed::new(near.clone()), |mask, device| mask.to_engine::<On<f32>>(&device));
    check!("causal pairs", Seq, Seq, Causal.and(Allowed::new(near.clone())), |_mask, device| {
        Causal.and(Allowed::new(near.clone()).to_engine::<On<f32>>(&device))
    });
    let each = Cpu::<bool>::from_fn((Batch, Seq, Seq), |[b, q, k]| (q + k + b) % 3 != 0);
    check!("pairs of each", Seq, Seq, Allowed::new(each), |mask, device| mask.to_engine::<On<f32>>(&device));
}

/// A text that ends in the middle of a rank, one that ends where a rank does, and none at all.
#[test]
fn padding_is_not_attended_to() {
    for lengths in [[8, 3], [4, 5], [0, 7]] {
        let lengths = Lengths::new(Batch, Ragged(Seq), &lengths).unwrap();
        check!("padded", Ragged(Seq), Ragged(Seq), lengths.clone());
        check!("causal padded", Ragged(Seq), Ragged(Seq), Causal.and(lengths.clone()));
    }
}

/// What no query of a rank sees, the keys behind it, those before its window, and padding, goes past it: no product is calculated of
/// that, and neither is one of its gradients.
#[test]
fn blocks_that_no_query_sees_are_skipped() {
    const RANKS: usize = 4;
    in_threads(RANKS, |world| {
        let mesh = Mesh::new(world, (N::<RANKS>,)).unwrap();
        let (seq, rank) = (mesh.shard(Ragged(Seq), N::<RANKS>), mesh.rank(N::<RANKS>));
        let x = Cpu::<f32>::normal((Batch, KeyHeads, seq, HeadDim), 0.0, 1.0, &mut Rng::with_seed(1));
        let x: Tensor<(Batch, KeyHeads, Shard<_, _>, HeadDim), _> = x.to_engine::<OnMesh<Other<f32>>>(&mesh.device());
        let x = x.tracked();
        let lengths = |lengths| Lengths::new(Batch, Ragged(Seq), lengths).unwrap();
        macro_rules! check {
            ($what:literal, $mask:expr, $blocks:expr) => {
                let ring = RingAttention::new(seq, $mask);
                let (y, forward) = products(|| attention(&x, &x, &x, &ring));
                // Scores, and values by their weights.
                assert_eq!(forward, 2 * $blocks, "{} on rank {rank}", $what);
                let loss = loss::<OnMesh<Other<f32>>>(&y.all_gather(seq).into_array(), &mesh.device());
                let (_, backward) = products(|| OnMesh::<Other<f32>>::backward(loss));
                // Scores once more, and the gradients of weights, queries, keys and values.
                assert_eq!(backward, 5 * $blocks, "backward, {} on rank {rank}", $what);
            };
        }
        // Each rank has two positions.
        check!("full", lengths(&[8, 8]), RANKS);
        check!("causal", Causal.and(lengths(&[8, 8])), rank + 1);
        check!("a window", SlidingWindow(2).and(lengths(&[8, 8])), rank.min(1) + 1);
        check!("padded", lengths(&[1, 4]), 2);
        check!("causal and padded", Causal.and(lengths(&[1, 4])), (rank + 1).min(2));
    });
}

/// Of the sum of all results, by each element of the inputs: those of the passes that the ranks make together.
#[test]
fn gradients_are_finite_differences() {
    let lengths = Lengths::new(Batch, Ragged(Seq), &[8, 5]).unwrap();
    for ranks_attend in 0..2 {
        let of = |moved: Option<(usize, usize, f64)>| {
            in_threads(4, |world| {
                let mesh = Mesh::new(world, (N::<4>,)).unwrap();
                let (seq, heads) = (mesh.shard(Ragged(Seq), N::<4>), mesh.shard(KeyHeads, N::<4>));
                let mut inputs = Inputs::<_, _, Cpu<f64>>::random(Ragged(Seq), Ragged(Seq));
                if let Some((input, at, by)) = moved {
                    match input {
                        0 => inputs.q = nudged(inputs.q, at, by),
                        1 => inputs.k = nudged(inputs.k, at, by),
                        2 => inputs.v = nudged(inputs.v, at, by),
                        _ => inputs.sinks = nudged(inputs.sinks, at, by),
                    }
                }
                let device = mesh.device();
                let inputs = Inputs {
                    q: inputs.q.to_engine::<On<f64>>(&device),
                    k: inputs.k.to_engine::<On<f64>>(&device),
                    v: inputs.v.to_engine::<On<f64>>(&device),
                    sinks: inputs.sinks.to_engine::<On<f64>>(&device),
                };
                let ring = RingAttention::new(seq, Causal.and(lengths.clone()));
                let all_to_all = AllToAllAttention::new(seq, heads, Causal.and(lengths.clone()));
                found(inputs, |x| {
                    let (q, k, v) = (x.q.shard(seq), x.k.shard(seq), x.v.shard(seq));
                    let y = match ranks_attend {
                        0 => attend!(1, &q, &k, &v, x.sinks, &ring),
                        _ => attend!(1, &q, &k, &v, x.sinks, &all_to_all),
                    };
                    y.all_gather(seq)
                })
            })
            .remove(0)
        };
        let expected = of(None);
        for input in 0..4 {
            let gradient = &expected[2 + input];
            for at in (0..gradient.len()).step_by(gradient.len().div_ceil(5)) {
                let by = 1e-5;
                let [above, below] = [by, -by].map(|by| of(Some((input, at, by)))[1][0]);
                let difference = (above - below) / (2.0 * by);
                // The third derivative times the square of the step, and what is lost of 16 digits.
                assert!((difference - gradient[at]).abs() < 1e-8, "{input}, {at}: {difference}, {}", gradient[at]);
            }
        }
    }
}

fn nudged<S: Shape>(x: Tensor<S, Cpu<f64>>, at: usize, by: f64) -> Tensor<S, Cpu<f64>> {
    let mut numbers = x.to_vec();
    numbers[at] += by;
    Cpu::<f64>::from_vec(x.shape(), numbers).unwrap()
}

dims! { Embed = 8; Width = 2; Hidden = 12; Vocab = 11; Positions = 16; }

/// A decoder with rotary positions: each rank takes the angles of its own positions.
#[test]
fn rotary_positions_are_those_of_the_whole_sequence() {
    let rng = &mut Rng::with_seed(4);
    let layers = (0..2).map(|_| LlamaLayer {
        attention_norm: RmsNorm::new(Embed, 1e-5),
        attention: GroupedQueryAttention::random(Embed, Times(KeyHeads, Group), KeyHeads, Width, rng),
        feed_forward_norm: RmsNorm::new(Embed, 1e-5),
        feed_forward: GatedFeedForward::random(Embed, Hidden, rng),
    });
    let layers = layers.collect();
    let rotary = Rotary::new(Positions, Width, 100.0, RotaryLayout::Half);
    let decoder = LlamaDecoder { layers, norm: RmsNorm::new(Embed, 1e-5), rotary };
    let x = Tensor::<(Batch, Seq, Embed)>::normal((Batch, Seq, Embed), 0.0, 1.0, rng);
    // The texts begin at different positions.
    let positions = (0..8).chain(5..13).collect::<Vec<_>>();
    let positions = Ids::new((Batch, Seq), Positions, &positions).unwrap();
    let expected = gradients(&decoder, |decoder| decoder.forward(&x, &positions, &Causal));
    for ranks in [1, 2, 4] {
        in_threads(ranks, |world| {
            bind!(context: Context = ranks);
            let mesh = Mesh::new(world, (context,)).unwrap();
            let (seq, heads) = (mesh.try_shard(Seq, context).unwrap(), mesh.try_shard(KeyHeads, context).unwrap());
            let device = mesh.device();
            let decoder = decoder.to_engine::<On<f32>>(&device);
            let (x, positions) = (x.to_engine::<On<f32>>(&device), positions.to_engine::<On<f32>>(&device));
            let part = x.shard(seq);
            let ring = RingAttention::new(seq, Causal);
            let by_ring =
                |decoder: &LlamaDecoder<_, _, _, _, _, _, _>| decoder.forward(&part, &positions, &ring).all_gather(seq);
            let exchange = AllToAllAttention::new(seq, heads, Causal);
            let by_exchange = |decoder: &LlamaDecoder<_, _, _, _, _, _, _>| {
                decoder.forward(&part, &positions, &exchange).all_gather(seq)
            };
            for found in [gradients(&decoder, by_ring), gradients(&decoder, by_exchange)] {
                assert_eq!(found.len(), expected.len());
                for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                    for (found, expected) in found.iter().zip(expected) {
                        let far = (found - expected).abs();
                        assert!(far <= 1e-5 * expected.abs().max(1.0), "{name}: {found}, expected {expected}");
                    }
                }
            }
        });
    }
}

dims! { Context; }

/// What the model gives, and the gradients of all its parameters, of a sum in which each result has its own weight.
fn gradients<M: Module<B> + Clone, B: Autodiff<Elem = f32>>(
    model: &M,
    forward: impl Fn(&M) -> Tensor<(Batch, Seq, Embed), B>,
) -> Vec<(String, Vec<f32>)> {
    let mut model = model.clone();
    model.track();
    let y = forward(&model);
    by_name(&model, y.to_vec(), &B::backward(loss::<B>(y.array(), &y.device())))
}
