//! Losses of logits over a vocabulary that is divided among the ranks of a mesh: the numbers of one process, gradients by finite
//! differences, and what the ranks tell each other.

use congruent::backend::{Backend, Float};
use congruent::dim::{Dim, N, Next, Shard, Vocabulary};
use congruent::half::{bf16, f16};
use congruent::mesh::{Combine, Communicator, Mesh, Numbers, OnMesh, in_threads};
use congruent::nn::{
    cross_entropy, focal_loss, log_likelihood, mean_of_valid, mean_where, next_token_log_probabilities,
    next_token_loss, smoothed_cross_entropy,
};
use congruent::prelude::*;
use std::sync::{Arc, Mutex};

dims! { Batch = 3; Seq = 4; Vocab = 12; Embed = 5; Three = 3; }

/// This rank's part of the vocabulary, on a mesh of all ranks.
fn part<M: Dim, T: Float>(world: Arc<dyn Communicator>, axis: M) -> (Shard<Vocab, M>, Device<T>) {
    let mesh = Mesh::new(world, (axis,)).unwrap();
    (mesh.try_shard(Vocab, axis).unwrap(), mesh.device())
}

type Device<T> = congruent::backend::DeviceOf<OnMesh<Cpu<T>>>;

/// Calls it with 1, 2, 3, 4 and 6 ranks.
macro_rules! on_ranks {
    (|$world:ident, $axis:ident| $body:expr) => {
        on_ranks!(@ $world $axis $body; 1 2 3 4 6)
    };
    (@ $world:ident $axis:ident $body:expr; $($ranks:literal)*) => {$(
        in_threads($ranks, |$world| {
            let $axis = N::<$ranks>;
            $body
        });
    )*};
}

fn ids<S: Dim>(seq: S) -> Ids<(Batch, S), Vocab> {
    let numbers: Vec<u32> = (0..3 * seq.size()).map(|i| (i * 7 % 12) as u32).collect();
    Ids::new((Batch, seq), Vocab, &numbers).unwrap()
}

fn logits<S: Dim>(seq: S) -> Tensor<(Batch, S, Vocab)> {
    Tensor::normal((Batch, seq, Vocab), 0.0, 3.0, &mut Rng::with_seed(2))
}

#[track_caller]
fn assert_near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let is_near = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(is_near || found == expected || found.is_nan() && expected.is_nan(), "{what}: {found}, not {expected}");
    }
}

/// Each loss of logits, of padded texts too.
fn losses<V: Vocabulary<Whole = Vocab>, B: Backend<Elem = f32>>(
    x: &Tensor<(Batch, Seq, V), B>,
    ragged: &Tensor<(Batch, Ragged<Seq>, V), B>,
) -> Vec<(&'static str, Vec<f32>)> {
    let device = x.device();
    let ids = ids(Seq).to_engine::<B>(&device);
    let padded = self::ids(Ragged(Seq)).to_engine::<B>(&device);
    let lengths = Lengths::new(Batch, Ragged(Seq), &[4, 1, 3]).unwrap();
    let chosen = Cpu::from_fn((Batch, Seq), |[i, j]| (i + j) % 3 == 1).to_engine::<B>(&device);
    let is_answer = Cpu::from_fn((Batch, Next(Seq)), |[i, j]| i + j > 1).to_engine::<B>(&device);
    vec![
        ("cross_entropy", cross_entropy(x, &ids).to_vec()),
        ("smoothed_cross_entropy", smoothed_cross_entropy(x, &ids, 0.1).to_vec()),
        ("focal_loss", focal_loss(x, &ids, 2.0).to_vec()),
        ("next_token_loss", next_token_loss(x, &ids).to_vec()),
        ("next_token_log_probabilities", next_token_log_probabilities(x, &ids).to_vec()),
        ("log_likelihood", log_likelihood(x, &ids, &is_answer).into_tensor().to_vec()),
        ("gather", x.gather(&ids).to_vec()),
        ("mean_where", mean_where(&cross_entropy(x, &ids), &chosen).to_vec()),
        ("mean_of_valid", mean_of_valid(&cross_entropy(ragged, &padded), &lengths).to_vec()),
        ("mean_of_valid of the next", mean_of_valid(&next_token_loss(ragged, &padded), &lengths.next()).to_vec()),
    ]
}

#[test]
fn losses_are_those_of_one_process() {
    let (x, ragged) = (logits(Seq), logits(Ragged(Seq)));
    let expected = losses(&x, &ragged);
    on_ranks!(|world, axis| {
        let (vocab, device) = part::<_, f32>(world, axis);
        let x = x.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(vocab);
        let found = losses(&x, &ragged.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(vocab));
        for ((name, found), (_, expected)) in found.iter().zip(&expected) {
            assert_near(&format!("{name} on {} ranks", axis.size()), found, expected, 1e-5);
        }
    });
}

/// The digits of a loss next to zero, of logits far from it, and of what is infinite or no number.
#[test]
fn losses_have_their_digits() {
    let mut rows = vec![vec![0.0; 12]; 3];
    // What is left of a sum of one and 2e-6 is the loss.
    rows[0] = (0..12).map(|i| if i == 0 { 33.0 } else { 17.5 }).collect();
    // The largest is far above the target, of another rank.
    (rows[1][7], rows[1][0]) = (-1e30, 1e30);
    // All of a part are out of the question, and so is all but the target.
    rows[2] = (0..12).map(|i| if i == 2 { -5.0 } else { f32::NEG_INFINITY }).collect();
    let x = Tensor::from_vec((Batch, Vocab), rows.concat()).unwrap();
    let targets = Ids::new((Batch,), Vocab, &[0, 7, 2]).unwrap();
    let nan = Tensor::from_fn((Batch, Vocab), |[i, j]| if (i, j) == (1, 9) { f32::NAN } else { 1.0 });
    let none = Tensor::full((Batch, Vocab), f32::NEG_INFINITY);
    for (what, x) in [("far", x), ("not a number", nan), ("impossible", none)] {
        let tracked = x.clone().tracked();
        let expected = cross_entropy(&tracked, &targets);
        // The second row of each has no part in it.
        let unused = Cpu::from_nested((Batch,), [true, false, false]);
        let of_logits = mean_where(&expected, &unused).backward().of(&tracked);
        on_ranks!(|world, axis| {
            let (vocab, device) = part::<_, f32>(world, axis);
            let part = x.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(vocab).tracked();
            let found = cross_entropy(&part, &targets.to_engine::<OnMesh<Cpu<f32>>>(&device));
            // Sums of 12 exponentials in another order.
            assert_near(what, &found.to_vec(), &expected.to_vec(), 3e-7);
            let of_part = mean_where(&found, &unused.to_engine::<OnMesh<Cpu<f32>>>(&device)).backward().of(&part);
            assert_near(what, &of_part.all_gather(vocab).to_vec(), &of_logits.to_vec(), 1e-6);
        });
    }
}

/// Half precision is calculated with in single precision, as in one process.
#[test]
fn narrow_logits_have_wide_sums() {
    fn check<T: Float>(tolerance: f32) {
        let x = logits(Seq).cast::<T>();
        let expected = cross_entropy(&x, &ids(Seq)).cast::<f32>().to_vec();
        on_ranks!(|world, axis| {
            let (vocab, device) = part::<_, T>(world, axis);
            let part = x.to_engine::<OnMesh<Cpu<T>>>(&device).shard(vocab);
            let found = cross_entropy(&part, &ids(Seq).to_engine::<OnMesh<Cpu<T>>>(&device));
            assert_near("narrow", &found.cast::<f32>().to_vec(), &expected, tolerance);
        });
    }
    // One rounding of the result.
    check::<f16>(1e-3);
    check::<bf16>(8e-3);
}

/// The gradient of each logit, by central differences in double precision: their error is that of the third derivative, times the
/// square of the step, and that of rounding, over the step.
#[test]
fn gradients_agree_with_finite_differences() {
    type On = OnMesh<Cpu<f64>>;
    let step = 1e-4;
    let x = logits(Seq).cast::<f64>();
    let weights = Tensor::uniform((Batch, Seq), 0.5..2.0, &mut Rng::with_seed(9)).cast::<f64>();
    for smoothing in [0.0, 0.1] {
        on_ranks!(|world, axis| {
            let (vocab, device) = part::<_, f64>(world, axis);
            let ids = ids(Seq).to_engine::<On>(&device);
            let weights = weights.to_engine::<On>(&device);
            let loss = |part: &Tensor<(Batch, Seq, Shard<Vocab, _>), On>| {
                (smoothed_cross_entropy(part, &ids, smoothing) * &weights).sum(Seq).sum(Batch)
            };
            let tracked = x.to_engine::<On>(&device).shard(vocab).tracked();
            let found = loss(&tracked).backward().of(&tracked).all_gather(vocab).to_vec();
            for (at, found) in found.into_iter().enumerate() {
                let moved = |by: f64| {
                    let mut elements = x.to_vec();
                    elements[at] += by;
                    let moved = Cpu::from_vec((Batch, Seq, Vocab), elements).unwrap();
                    loss(&moved.to_engine::<On>(&device).shard(vocab)).scalar()
                };
                let expected = (moved(step) - moved(-step)) / (2.0 * step);
                assert!((found - expected).abs() < 1e-7, "logit {at}: {found}, by differences {expected}");
            }
        });
    }
}

/// The gradient of a table, through the rows that ranks add up.
#[test]
fn rows_are_those_of_the_whole_table() {
    type On = OnMesh<Cpu<f32>>;
    let table = Tensor::normal((Vocab, Embed), 0.0, 1.0, &mut Rng::with_seed(4)).tracked();
    let weights = Tensor::normal((Batch, Seq, Embed), 0.0, 1.0, &mut Rng::with_seed(5));
    let rows = table.lookup(&ids(Seq));
    let expected = (&rows * &weights).sum(Embed).sum(Seq).sum(Batch).backward().of(&table);
    on_ranks!(|world, axis| {
        let (vocab, device) = part::<_, f32>(world, axis);
        let part = table.detach().to_engine::<On>(&device).shard(vocab).tracked();
        let found = part.lookup(&ids(Seq).to_engine::<On>(&device));
        assert_eq!(found.to_vec(), rows.to_vec());
        let loss = (&found * &weights.to_engine::<On>(&device)).sum(Embed).sum(Seq).sum(Batch);
        let found = loss.backward().of(&part).all_gather(vocab);
        assert_near("rows", &found.to_vec(), &expected.to_vec(), 1e-6);
    });
}

#[test]
#[should_panic(expected = "are shards along one axis of the mesh: no rank has the rows of another one's ids")]
fn ids_and_their_table_are_not_divided_along_one_axis() {
    // Whoever knows both dimensions has it from the compiler.
    fn rows<D: Dim, V: Vocabulary>(
        table: &Tensor<(V, Embed), OnMesh<Cpu<f32>>>,
        ids: &TensorOf<(D,), Index<V::Whole>, OnMesh<Cpu<f32>>>,
    ) {
        table.lookup(ids);
    }
    in_threads(3, |world| {
        let mesh = Mesh::new(world, (Three,)).unwrap();
        let (batch, vocab) = (mesh.shard(Batch, Three), mesh.shard(Vocab, Three));
        let device = mesh.device();
        let table = Tensor::ones((vocab, Embed)).to_engine::<OnMesh<Cpu<f32>>>(&device);
        let ids = Ids::new((batch,), Vocab, &[5]).unwrap().to_engine::<OnMesh<Cpu<f32>>>(&device);
        rows(&table, &ids);
    });
}

/// What a rank says to the others: how many numbers, and what is made of them.
#[derive(Debug)]
struct Heard {
    ranks: Arc<dyn Communicator>,
    said: Arc<Mutex<Vec<(Combine, usize)>>>,
}

impl Communicator for Heard {
    fn rank(&self) -> usize {
        self.ranks.rank()
    }
    fn ranks(&self) -> usize {
        self.ranks.ranks()
    }
    fn all_reduce(&self, combine: Combine, numbers: Numbers<'_>) {
        let count = match &numbers {
            Numbers::F32(numbers) => numbers.len(),
            Numbers::F64(numbers) => numbers.len(),
            other => panic!("{other:?}"),
        };
        self.said.lock().unwrap().push((combine, count));
        self.ranks.all_reduce(combine, numbers);
    }
    fn all_gather(&self, part: &[u8]) -> Vec<u8> {
        // What ranks compare while they are debugged is of 8 bytes.
        assert!(part.len() == 8, "no logits are gathered");
        self.ranks.all_gather(part)
    }
    fn all_to_all(&self, _: &[u8]) -> Vec<u8> {
        panic!("no logits are exchanged")
    }
    fn broadcast(&self, _: usize, _: &mut [u8]) {
        panic!("no logits are sent")
    }
    fn split(&self, group: usize) -> Arc<dyn Communicator> {
        Arc::new(Heard { ranks: self.ranks.split(group), said: self.said.clone() })
    }
    fn abort(&self, reason: &str) -> ! {
        self.ranks.abort(reason)
    }
}

/// Three numbers for each target, in two messages, and none in the backward pass.
#[test]
fn ranks_tell_each_other_three_numbers_for_each_target() {
    let x = logits(Seq);
    in_threads(3, |world| {
        let said = Arc::new(Mutex::new(vec![]));
        let (vocab, device) = part::<_, f32>(Arc::new(Heard { ranks: world, said: said.clone() }), Three);
        let part = x.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(vocab).tracked();
        let targets = ids(Seq).to_engine::<OnMesh<Cpu<f32>>>(&device);
        cross_entropy(&part, &targets).mean(Seq).mean(Batch).backward();
        assert_eq!(*said.lock().unwrap(), [(Combine::Max, 12), (Combine::Sum, 24)]);
    });
}
