//! Models that are calculated with elements of another type than their parameters are of.

use super::*;
use congruent::backend::{Backend, Float};
use congruent::half::bf16;
use congruent::nn::next_token_loss;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Module)]
struct Classifier<B: Backend = Cpu<f32>> {
    embedding: Embedding<Vocab, Embed, B>,
    layers: Vec<EncoderLayer<Embed, Heads, HeadDim, Hidden, B>>,
    head: Linear<Embed, Vocab, B>,
    /// The first token of each text.
    #[module(skip)]
    first: TensorOf<(Batch,), Index<Vocab>, B>,
}

impl Classifier {
    fn random(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        Classifier {
            embedding: Embedding::random(Vocab, Embed, rng),
            layers: (0..2).map(|_| EncoderLayer::random(Embed, Heads, HeadDim, Hidden, rng)).collect(),
            head: Linear::random(Embed, Vocab, rng),
            first: Ids::new((Batch,), Vocab, &[1, 2, 3]).unwrap(),
        }
    }
}

impl<B: Backend<Elem: Float>> Classifier<B> {
    fn logits(&self, tokens: &TensorOf<(Batch, Seq), Index<Vocab>, B>) -> Tensor<(Batch, Seq, Vocab), B> {
        let x = self.embedding.forward(tokens);
        let x = &x + self.embedding.forward(&self.first).expand_as(&x, Seq);
        self.head.forward(&self.layers.iter().fold(x, |x, layer| layer.forward(&x, &Causal)))
    }
}

type Tokens = TensorOf<(Batch, Seq), Index<Vocab>>;

fn tokens() -> Tokens {
    Ids::new((Batch, Seq), Vocab, &[1, 2, 3, 4, 5, 2, 0, 2, 6, 1, 3, 3, 5, 5, 6]).unwrap()
}

fn plain(model: &Classifier, tokens: &Tokens) -> Tensor<()> {
    next_token_loss(&model.logits(tokens), tokens).mean_all()
}

/// With elements of `T`, and a loss of `f32`.
fn with<T: Float>(model: &Classifier, tokens: &Tokens) -> Tensor<()> {
    next_token_loss(&model.cast::<Cpu<T>>().logits(tokens).cast::<f32>(), tokens).mean_all()
}

/// The gradients of parameters of each kind.
fn gradients(model: &Classifier, loss: Tensor<()>) -> Vec<Vec<f32>> {
    let (gradients, layer) = (loss.backward(), &model.layers[0]);
    vec![
        gradients.of(&model.embedding.weight).to_vec(),
        gradients.of(&layer.attention.query.weight).to_vec(),
        gradients.of(&layer.attention.value.weight).to_vec(),
        gradients.of(layer.attention_norm.bias.as_ref().unwrap()).to_vec(),
        gradients.of(&layer.feed_forward_norm.weight).to_vec(),
        gradients.of(&layer.feed_forward.up.weight).to_vec(),
        gradients.of(layer.feed_forward.down.bias.as_ref().unwrap()).to_vec(),
        gradients.of(&model.head.weight).to_vec(),
    ]
}

/// The length of a vector.
fn length(x: impl Iterator<Item = f32>) -> f32 {
    x.map(|x| x * x).sum::<f32>().sqrt()
}

#[test]
fn gradients_come_back_to_the_parameters_in_their_type() {
    let mut model = Classifier::random(1);
    model.track();
    let tokens = tokens();
    let expected = gradients(&model, plain(&model, &tokens));
    // Of `f64` they are as exact as the parameters, of `bf16` each number of the way has 8 digits.
    for (found, tolerance) in [
        (gradients(&model, with::<f64>(&model, &tokens)), 1e-5),
        (gradients(&model, with::<bf16>(&model, &tokens)), 0.05),
    ] {
        for (kind, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let off = length(found.iter().zip(expected).map(|(found, expected)| found - expected));
            let whole = length(expected.iter().copied());
            assert!(whole > 1e-3 && off < tolerance * whole, "{kind} is {off} of {whole} off");
        }
    }
}

#[test]
fn a_gradient_is_the_slope_of_the_loss() {
    let mut model = Classifier::random(2);
    model.track();
    let tokens = tokens();
    let gradient = with::<bf16>(&model, &tokens).backward().of(&model.head.weight);
    let squares = gradient.square().sum_all().scalar();
    let at = |step: f32| {
        let mut moved = model.clone();
        moved.head.weight = &model.head.weight + &gradient * step;
        plain(&moved, &tokens).scalar()
    };
    let slope = (at(0.01) - at(-0.01)) / 0.02;
    assert!((slope - squares).abs() < 0.03 * squares, "{slope} for {squares}");
}

#[test]
fn a_model_learns_as_well_with_narrow_elements() {
    let train = |loss: fn(&Classifier, &Tokens) -> Tensor<()>| {
        let mut model = Classifier::random(3);
        model.track();
        let mut optimizer = Optimizer::new(AdamW { learning_rate: 0.01, ..AdamW::default() });
        let losses: Vec<f32> = (0..120)
            .map(|_| {
                let loss = loss(&model, &tokens());
                let value = loss.scalar();
                optimizer.step(&mut model, &loss.backward(), 1.0);
                value
            })
            .collect();
        // What was trained is of `f32`, and works without a cast.
        (losses, plain(&model, &tokens()).scalar())
    };
    let ((wide, wide_end), (narrow, narrow_end)) = (train(plain), train(with::<bf16>));
    assert!(wide[0] > 1.5 && wide_end < 0.2, "{} {wide_end}", wide[0]);
    assert!((narrow[0] - wide[0]).abs() < 0.05 && (narrow[30] - wide[30]).abs() < 0.15, "{} {}", narrow[30], wide[30]);
    assert!((narrow_end - wide_end).abs() < 0.05, "{narrow_end} for {wide_end}");
}

#[derive(Module)]
struct Holder<B: Backend = Cpu<f32>> {
    shared: Arc<Linear<Embed, Vocab, B>>,
    by_name: BTreeMap<String, Linear<Embed, Vocab, B>>,
    pair: (LayerNorm<Embed, B>, Option<Linear<Embed, Vocab, B>>),
    #[module(buffer)]
    mean: Tensor<(Embed,), B>,
    rate: f64,
}

#[test]
fn all_that_a_model_holds_is_cast() {
    let linear = || Linear { weight: Tensor::full((Vocab, Embed), 1.0 + 2f32.powi(-10)), bias: None };
    let mut model = Holder {
        shared: Arc::new(linear()),
        by_name: [("first".to_owned(), linear())].into(),
        pair: (LayerNorm::new(Embed, 1e-5), Some(linear())),
        mean: Tensor::full((Embed,), 1.0 + 2f32.powi(-10)),
        rate: 0.5,
    };
    model.track();
    let cast = model.cast::<Cpu<bf16>>();
    let weights = [&cast.shared.weight, &cast.by_name["first"].weight, &cast.pair.1.as_ref().unwrap().weight];
    for weight in weights {
        assert!(weight.is_tracked() && weight.to_vec().iter().all(|x| *x == bf16::ONE));
    }
    assert!(cast.pair.0.weight.is_tracked() && !cast.mean.is_tracked());
    assert_eq!((cast.mean.to_vec()[0], cast.rate, cast.parameter_count()), (bf16::ONE, 0.5, model.parameter_count()));
}
