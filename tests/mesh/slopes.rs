//! Gradients through what ranks do together, beside finite differences, in double precision.

use congruent::backend::Backend;
use congruent::dim::{Dim, N, Shard, Summed};
use congruent::io::{Dtype, SafeTensors, Source, Weights, Writer, load_on};
use congruent::mesh::{Mesh, OnMesh, in_threads};
use congruent::nn::{Activation, FeedForward, Linear, MultiHeadAttention};
use congruent::prelude::*;

dims! { Rows = 4; Columns = 6; Batch = 2; Seq = 3; Data = 2; Parts = 2; Embed = 4; Heads = 2; HeadDim = 3; Hidden = 6; }

type On = OnMesh<Cpu<f64>>;
type M = N<2>;
type Whole = Tensor<(Rows, Columns), On>;
type OfRows = Tensor<(Shard<Rows, M>, Columns), On>;

/// Of functions whose third derivatives are about one, differences of steps as long as this are exact to 1e-10, and rounded to 1e-10.
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-8;

/// The slope of a function at each of some elements.
fn slopes(at: &[f64], elements: impl IntoIterator<Item = usize>, f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let moved = |i: usize, step: f64| {
        let mut moved = at.to_vec();
        moved[i] += step;
        f(&moved)
    };
    elements.into_iter().map(|i| (moved(i, STEP) - moved(i, -STEP)) / (2.0 * STEP)).collect()
}

fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    assert!(expected.iter().any(|slope| slope.abs() > 1e-3), "{what} has slopes");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < TOLERANCE, "{what}, {i}: {found}, expected {expected}");
    }
}

/// A function of what all ranks have alike, and one of what each has a part of: numbers that all have alike.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    of_whole: fn(&Mesh<(M,)>, &Whole) -> Tensor<(), On>,
    of_parts: fn(&Mesh<(M,)>, &OfRows) -> Tensor<(), On>,
}

macro_rules! cases { ($($name:ident: |$mesh:ident, $x:ident| $y:expr;)*) => {
    const CASES: &[Case] = &[$({
        fn of_parts($mesh: &Mesh<(M,)>, $x: &OfRows) -> Tensor<(), On> {
            $y
        }
        fn of_whole(mesh: &Mesh<(M,)>, x: &Whole) -> Tensor<(), On> {
            // Beside its part, each rank reads all of it.
            of_parts(mesh, &(x.shard(mesh.shard(Rows, M::default())) * &x.sin().mean(Rows)))
        }
        Case { name: stringify!($name), of_whole, of_parts }
    }),*];
} }

cases! {
    all_reduce: |mesh, x| {
        let sum: Tensor<(Columns,), On> = x.sin().partial_sum(mesh.shard(Rows, M::default())).all_reduce();
        // Once by all ranks alike, and once by each for its part.
        let again = (x * &sum.tanh()).partial_mean(mesh.shard(Rows, M::default())).all_reduce();
        (sum.exp() + again).sum(Columns)
    };
    mean_of_a_scaled_sum: |mesh, x| {
        let rows = mesh.shard(Rows, M::default());
        let one = x.square().partial_mean(rows);
        let mut sum = one.scaled(0.5);
        sum -= x.cos().partial_sum(rows);
        let sum: Tensor<(Columns,), On> = sum.all_reduce();
        sum.sin().sum(Columns)
    };
    reduce_scatter: |mesh, x| {
        let (rows, columns) = (mesh.shard(Rows, M::default()), mesh.shard(Columns, M::default()));
        let part: Tensor<(Shard<Columns, M>,), On> = x.sin().partial_sum(rows).reduce_scatter(columns);
        part.exp().partial_sum(columns).all_reduce()
    };
    all_gather: |mesh, x| {
        let rows = mesh.shard(Rows, M::default());
        let all: Tensor<(Rows, Columns), On> = x.sin().all_gather(rows);
        // By all ranks alike, and by each with its part.
        let alike: Tensor<(), On> = all.softmax(Rows).square().sum(Rows).sum(Columns);
        let parts = (x * &all.tanh().sum(Rows)).partial_sum(rows).all_reduce();
        alike + parts.sin().sum(Columns)
    };
    all_to_all: |mesh, x| {
        let (rows, columns) = (mesh.shard(Rows, M::default()), mesh.shard(Columns, M::default()));
        let turned: Tensor<(Rows, Shard<Columns, M>), On> = x.sin().all_to_all(rows, columns);
        let back: Tensor<(Shard<Rows, M>, Columns), On> = (turned.softmax(Rows) * 6.0).all_to_all(columns, rows);
        (back.softmax(Columns) * 5.0).square().sum(Columns).partial_sum(rows).all_reduce()
    };
    broadcast: |mesh, x| {
        let rows = mesh.shard(Rows, M::default());
        // Of each rank one, read by all ranks alike, and by each with its part.
        let [one, other] = [1, 2].map(|row| -> Tensor<(Columns,), On> { x.sin().broadcast_at(rows, row).unwrap() });
        let parts = (x * &(&one.tanh() + &other)).partial_sum(rows).all_reduce();
        one.square().sum(Columns) + parts.sin().sum(Columns)
    };
    product: |mesh, x| {
        let rows = mesh.shard(Rows, M::default());
        let sums = x.sum(Columns).expand(N::<1>).transpose(N::<1>, rows);
        let sum: Tensor<(Columns, N<1>), On> = x.transpose(rows, Columns).partial_matmul(&sums).all_reduce();
        sum.tanh().sum(Columns).sum(N::<1>)
    };
}

#[test]
fn gradients_are_slopes() {
    let at = Tensor::<(Rows, Columns)>::uniform((Rows, Columns), -1.0..1.0, &mut Rng::with_seed(7));
    let at: Vec<f64> = at.to_vec().into_iter().map(f64::from).collect();
    in_threads(2, |world| {
        let mesh = Mesh::new(world, (M::default(),)).unwrap();
        let (rows, rank) = (mesh.shard(Rows, M::default()), mesh.rank(M::default()));
        let whole = |at: &[f64]| -> Whole {
            Cpu::<f64>::from_vec((Rows, Columns), at.to_vec()).unwrap().to_engine::<On>(&mesh.device())
        };
        let part = |at: &[f64]| -> OfRows {
            Cpu::<f64>::from_vec((rows, Columns), at[rank * 12..][..12].to_vec())
                .unwrap()
                .to_engine::<On>(&mesh.device())
        };
        for case in CASES {
            let x = whole(&at).tracked();
            let gradient = (case.of_whole)(&mesh, &x).backward().of(&x).to_vec();
            let expected = slopes(&at, 0..24, |at| (case.of_whole)(&mesh, &whole(at)).scalar());
            assert_close(&format!("{}, of the whole", case.name), &gradient, &expected);
            let x = part(&at).tracked();
            let gradient = (case.of_parts)(&mesh, &x).backward().of(&x).to_vec();
            let expected = slopes(&at, 0..24, |at| (case.of_parts)(&mesh, &part(at)).scalar());
            assert_close(&format!("{}, of parts", case.name), &gradient, &expected[rank * 12..][..12]);
        }
    });
}

/// Attention and a feed-forward layer, whose heads and hidden features may be parts.
#[derive(Clone, Module)]
struct Block<H, F, B: Backend = Cpu<f32>> {
    attention: MultiHeadAttention<Embed, H, HeadDim, B>,
    feed_forward: FeedForward<Embed, F, B>,
}

impl<H: Summed, F: Summed> Block<H, F, On>
where
    Times<H, HeadDim>: Summed,
{
    fn load(weights: &Weights<'_, f64, On>, heads: H, hidden: F) -> Self {
        let heads = Times(heads, HeadDim);
        let linear = |name: &str| Linear::load(&weights.at(format!("attention.{name}")), Embed, heads);
        Block {
            attention: MultiHeadAttention {
                query: linear("query"),
                key: linear("key"),
                value: linear("value"),
                output: Linear::load(&weights.at("attention.output"), heads, Embed),
            },
            feed_forward: FeedForward {
                up: Linear::load(&weights.at("feed_forward.up"), Embed, hidden),
                activation: Activation::Gelu,
                down: Linear::load(&weights.at("feed_forward.down"), hidden, Embed),
            },
        }
    }

    fn loss<D: Dim>(&self, x: &Tensor<(D, Seq, Embed), On>) -> Tensor<(D,), On> {
        let x = x + &self.attention.forward(x, &Causal);
        let y: Tensor<(D, Seq, Embed), On> = &x + &self.feed_forward.forward(&x);
        y.sin().sum(Embed).sum(Seq)
    }
}

/// A file of tensors of double precision, of these sizes and with these elements.
fn file(tensors: &[(String, Vec<usize>)], elements: &[f64]) -> SafeTensors {
    let (mut header, mut at) = (Vec::new(), 0);
    for (name, sizes) in tensors {
        let end = at + 8 * sizes.iter().product::<usize>();
        header.push(format!(r#""{name}":{{"dtype":"F64","shape":{sizes:?},"data_offsets":[{at},{end}]}}"#));
        at = end;
    }
    let header = format!("{{{}}}", header.join(","));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.into_bytes());
    bytes.extend(elements.iter().flat_map(|element| element.to_le_bytes()));
    SafeTensors::from_bytes(bytes).unwrap()
}

fn elements(file: &SafeTensors, name: &str) -> Vec<f64> {
    let entry = file.get(name).unwrap();
    let bytes = entry.bytes.as_slice();
    match entry.dtype {
        Dtype::F32 => bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four).into()).collect(),
        _ => bytes.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight)).collect(),
    }
}

/// On a mesh in which the batch is divided, and the heads and the hidden features.
#[test]
fn gradients_of_a_tensor_parallel_block_are_slopes() {
    let rng = &mut Rng::with_seed(3);
    let model = Block {
        attention: MultiHeadAttention::random(Embed, Heads, HeadDim, rng),
        feed_forward: FeedForward::random(Embed, Hidden, rng),
    };
    let mut writer = Writer::default();
    writer.module("", &model);
    let whole = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
    let tensors: Vec<_> =
        whole.names().into_iter().map(|name| (name.clone(), whole.get(&name).unwrap().sizes)).collect();
    let at: Vec<f64> = tensors.iter().flat_map(|(name, _)| elements(&whole, name)).collect();
    in_threads(4, |world| {
        let mesh = Mesh::new(world, (Data, Parts)).unwrap();
        let (batch, device) = (mesh.shard(Batch, Data), mesh.device());
        let (heads, hidden) = (mesh.shard(Heads, Parts), mesh.shard(Hidden, Parts));
        let x = Tensor::<(Batch, Seq, Embed)>::uniform((Batch, Seq, Embed), -1.0..1.0, &mut Rng::with_seed(4));
        let x = x.cast::<f64>().to_engine::<On>(&device).shard(batch);
        let model = |at: &[f64]| {
            load_on::<On, _>(&file(&tensors, at), &device, |weights| Block::load(&weights, heads, hidden)).unwrap()
        };
        let loss = |model: &Block<_, _, On>| model.loss(&x).partial_mean(batch).all_reduce();
        let mut model_at = model(&at);
        model_at.track();
        let gradients = loss(&model_at).backward();
        let mut writer = Writer::default();
        let Block { attention, feed_forward } = &model_at;
        macro_rules! add { ($($field:ident: $($layer:ident)*;)*) => {$($(
            let (of, layer) = (concat!(stringify!($field), ".", stringify!($layer)), &$field.$layer);
            writer.add(format!("{of}.weight"), &gradients.of(&layer.weight));
            writer.add(format!("{of}.bias"), &gradients.of(layer.bias.as_ref().unwrap()));
        )*)*} }
        add! { attention: query key value output; feed_forward: up down; }
        // Parts are put together.
        let found = SafeTensors::from_bytes(writer.to_bytes().unwrap()).unwrap();
        let found: Vec<f64> = tensors.iter().flat_map(|(name, _)| elements(&found, name)).collect();
        let some: Vec<usize> = (0..at.len()).step_by(3).collect();
        let expected = slopes(&at, some.iter().copied(), |at| loss(&model(at)).scalar());
        let found: Vec<f64> = some.iter().map(|i| found[*i]).collect();
        assert_close("a block", &found, &expected);
    });
}
