//! A vocabulary that is divided among the ranks of a mesh: embedding, logits and losses beside one process.

use congruent::backend::{Autodiff, Backend};
use congruent::dim::{Dim, N, Next, Vocabulary};
use congruent::mesh::{Communicator, Mesh, OnMesh, in_threads};
use congruent::nn::{Embedding, FeedForward, Linear, next_token_loss};
use congruent::optim::{Optimizer, Sgd};
use congruent::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

dims! { Batch = 4; Seq = 5; Vocab = 8; Embed = 6; Hidden = 12; }

type On = OnMesh<Cpu<f32>>;

/// A language model whose output is tied to its input, or is not.
#[derive(Clone, Module)]
struct Model<V, B: Backend = Cpu<f32>> {
    tokens: Embedding<V, Embed, B>,
    hidden: FeedForward<Embed, Hidden, B>,
    output: Option<Linear<Embed, V, B>>,
}

impl<V: Vocabulary> Model<V> {
    fn random(vocab: V, is_tied: bool) -> Self {
        let rng = &mut Rng::with_seed(3);
        let (tokens, hidden) = (Embedding::random(vocab, Embed, rng), FeedForward::random(Embed, Hidden, rng));
        let output = (!is_tied).then(|| Linear::random(Embed, vocab, rng));
        Model { tokens, hidden, output }
    }
}

impl<V: Vocabulary, B: Backend<Elem = f32>> Model<V, B> {
    fn logits<X: Dim>(&self, ids: &TensorOf<(X, Seq), Index<V::Whole>, B>) -> Tensor<(X, Seq, V), B> {
        let x = self.tokens.forward(ids);
        let x = &x + self.hidden.forward(&x);
        match &self.output {
            Some(output) => output.forward(&x),
            None => self.tokens.logits(&x),
        }
    }

    fn losses<X: Dim>(&self, ids: &TensorOf<(X, Seq), Index<V::Whole>, B>) -> Tensor<(X, Next<Seq>), B> {
        next_token_loss(&self.logits(ids), ids)
    }
}

fn ids<X: Dim>(batch: X, first: usize) -> Ids<(X, Seq), Vocab> {
    let numbers: Vec<u32> = (0..batch.size() * 5).map(|i| ((first * 5 + i) * 5 % 13 % 8) as u32).collect();
    Ids::new((batch, Seq), Vocab, &numbers).unwrap()
}

/// The loss, its gradients, and the parameters after three steps of gradient descent.
struct Trained {
    loss: f32,
    gradients: BTreeMap<String, Vec<f32>>,
    parameters: BTreeMap<String, Vec<f32>>,
}

fn train<V: Vocabulary, B: Autodiff<Elem = f32>>(
    model: &mut Model<V, B>,
    loss: impl Fn(&Model<V, B>) -> Tensor<(), B>,
) -> Trained {
    model.track();
    let first = loss(model);
    let value = first.scalar();
    let of_first = first.backward();
    let mut gradients = BTreeMap::new();
    let mut see = |name: &str, gradient: Vec<f32>| gradients.insert(name.to_owned(), gradient);
    see("tokens.weight", of_first.of(&model.tokens.weight).to_vec());
    see("hidden.up.weight", of_first.of(&model.hidden.up.weight).to_vec());
    if let Some(Linear { weight, bias: Some(bias) }) = &model.output {
        see("output.weight", of_first.of(weight).to_vec());
        see("output.bias", of_first.of(bias).to_vec());
    }
    let mut optimizer = Optimizer::new(Sgd { learning_rate: 0.5, momentum: 0.5, ..Sgd::default() });
    for _ in 0..3 {
        let gradients = loss(model).backward();
        optimizer.step(model, &gradients, 1.0);
    }
    let mut parameters = BTreeMap::new();
    model.for_each(|parameter| {
        parameters.insert(parameter.path().to_string(), B::to_vec(parameter.array()).unwrap());
    });
    Trained { loss: value, gradients, parameters }
}

/// Sums of the ranks are rounded in another order.
#[track_caller]
fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{what}: {found}, expected {expected}");
    }
}

/// Training on a mesh, where this rank's parts are those of one process.
pub fn check<D: Dim, M: Dim>(world: Arc<dyn Communicator>, data: D, model_axis: M) {
    let mesh = Mesh::new(world, (data, model_axis)).unwrap();
    let (batch, vocab) = (mesh.try_shard(Batch, data).unwrap(), mesh.try_shard(Vocab, model_axis).unwrap());
    for is_tied in [true, false] {
        let texts = ids(Batch, 0);
        let mut alone = Model::random(Vocab, is_tied);
        let expected = train(&mut alone, |model| model.losses(&texts).mean(Next(Seq)).mean(Batch));
        let device = mesh.device();
        let mut model = Model::random(vocab, is_tied).to_engine::<On>(&device);
        assert_eq!(model.tokens.weight.sizes(), [8 / model_axis.size(), 6]);
        let texts = ids(batch, batch.rank() * batch.size()).to_engine::<On>(&device);
        let found = train(&mut model, |model| model.losses(&texts).mean(Next(Seq)).partial_mean(batch).all_reduce());
        assert_close(&[found.loss], &[expected.loss], "the loss");
        for (what, found, expected) in [
            ("the gradient of", found.gradients, expected.gradients),
            ("after training,", found.parameters, expected.parameters),
        ] {
            assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (name, found) in found {
                let whole = &expected[&name];
                let first = if found.len() == whole.len() { 0 } else { vocab.rank() * found.len() };
                assert_close(&found, &whole[first..][..found.len()], &format!("{what} {name}, tied: {is_tied}"));
            }
        }
    }
}

#[test]
fn training_is_that_of_one_process() {
    in_threads(1, |world| check(world, N::<1>, N::<1>));
    in_threads(2, |world| check(world, N::<1>, N::<2>));
    in_threads(4, |world| check(world, N::<1>, N::<4>));
    in_threads(4, |world| check(world, N::<2>, N::<2>));
    in_threads(8, |world| check(world, N::<4>, N::<2>));
}

#[test]
#[should_panic(expected = "`Vocab`, of 8 positions, is not divided evenly among the 3 ranks along `N<3>`")]
fn a_vocabulary_that_is_not_divided_is_an_error() {
    in_threads(3, |world| Mesh::new(world, (N::<3>,)).unwrap().try_shard(Vocab, N::<3>).map(drop)).remove(0).unwrap();
}
