//! Models that learn, and runs that are stopped and resumed. `gradients.rs` has the steps of PyTorch's optimizers.

mod buffers;
mod cast;
mod layers;
mod losses;
mod optimizers;
mod refused;

use congruent::io::{LoadError, SafeTensors, Weights, Writer, load};
use congruent::nn::{Activation, EncoderLayer, FeedForward, LayerNorm, MultiHeadAttention, NormOrder, cross_entropy};
use congruent::nn::{
    Dropout, Embedding, Encoder, Linear, MeanOver, SumOver, Training, mean_of_valid, sum_of_valid, sum_where,
};
use congruent::optim::{AdamW, Optimizer, Rule, Schedule, Sgd, moving_average};
use congruent::prelude::*;

dims! { Rows = 4; Batch = 3; Seq = 5; Vocab = 7; Embed = 8; Heads = 2; HeadDim = 4; Hidden = 16; }

/// Two steps down `x²/2 · rate`, by hand: from 1, with rate 0.1, momentum 0.5 and a decay of 0.2.
#[test]
fn nesterov_and_decay_are_those_of_the_definition() {
    let step = |rule: Sgd| {
        let mut x = Cpu::<f64>::ones((Rows,)).tracked();
        let mut optimizer = Optimizer::<Cpu<f64>>::new(rule);
        for _ in 0..2 {
            let gradients = (x.square() * 0.5).sum(Rows).backward();
            optimizer.step(&mut x, &gradients, 1.0);
        }
        x.to_vec()[0]
    };
    let rule = Sgd { learning_rate: 0.1, momentum: 0.5, nesterov: false, weight_decay: 0.2 };
    // Gradient 1.2, velocity 1.2, x = 0.88; gradient 1.056, velocity 1.656.
    assert!((step(rule) - (0.88 - 0.1656)).abs() < 1e-12);
    // Step 1.2 + 0.6, x = 0.82; gradient 0.984, velocity 1.584, step 0.984 + 0.792.
    assert!((step(Sgd { nesterov: true, ..rule }) - (0.82 - 0.1776)).abs() < 1e-12);
}

#[derive(Clone, Module)]
struct Model {
    embedding: Embedding<Vocab, Embed>,
    encoder: Encoder<Embed, Heads, HeadDim, Hidden>,
    head: Linear<Embed, Vocab>,
    dropout: Dropout,
}

impl Model {
    fn new(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let layer = |rng: &mut Rng| EncoderLayer {
            attention: MultiHeadAttention::random(Embed, Heads, HeadDim, rng),
            attention_norm: LayerNorm::new(Embed, 1e-5),
            feed_forward: FeedForward {
                up: Linear::random(Embed, Hidden, rng),
                activation: Activation::Gelu,
                down: Linear::random(Hidden, Embed, rng),
            },
            feed_forward_norm: LayerNorm::new(Embed, 1e-5),
            order: NormOrder::Pre,
        };
        let mut model = Model {
            embedding: Embedding { weight: Tensor::uniform((Vocab, Embed), -1.0..1.0, rng) },
            encoder: Encoder { layers: vec![layer(rng), layer(rng)] },
            head: Linear::random(Embed, Vocab, rng),
            dropout: Dropout { rate: 0.1 },
        };
        model.track();
        model
    }

    /// The loss of random tokens that predict themselves.
    fn loss(&self, rng: &mut Rng) -> Tensor<()> {
        let tokens: Vec<u32> = (0..15).map(|_| (rng.u64() % 7) as u32).collect();
        let tokens = Ids::new((Batch, Seq), Vocab, &tokens).unwrap();
        let x = self.embedding.forward(&tokens);
        let logits =
            self.head.forward(&self.encoder.forward_training(&x, &Causal, self.dropout, &mut Training::new(rng)));
        cross_entropy(&logits, &tokens).mean(Seq).mean(Batch)
    }
}

/// What a run is, and may go on from.
#[derive(Clone)]
struct Run {
    model: Model,
    optimizer: Optimizer,
    rng: Rng,
    step: u64,
}

impl Run {
    fn new(rule: impl Rule + Copy + 'static, others: impl Rule + 'static) -> Self {
        let optimizer = Optimizer::new(rule).group(others, |parameter| parameter.sizes().len() < 2);
        Run { model: Model::new(1), optimizer, rng: Rng::with_seed(2), step: 0 }
    }

    fn go(&mut self, steps: u64) -> f32 {
        let schedule = Schedule::warmup_cosine(5, 40, 0.1);
        let mut last = f32::NAN;
        for _ in 0..steps {
            let loss = self.model.loss(&mut self.rng);
            last = loss.scalar();
            let mut gradients = loss.backward();
            gradients.clip_norm(&self.model, 1.0);
            self.optimizer.step(&mut self.model, &gradients, schedule.at(self.step));
            self.step += 1;
        }
        last
    }

    fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.module("model", &self.model);
        self.optimizer.save("optimizer", &mut writer);
        writer.metadata("step", self.step);
        writer.metadata("rng", self.rng.seed());
        writer.to_bytes().unwrap()
    }

    /// The run of a file, as one with the settings of this one.
    fn load(&self, file: &SafeTensors) -> Result<Run, LoadError> {
        let (step, rng) = (file.metadata("step")?, Rng::with_seed(file.metadata("rng")?));
        load(file, |weights: Weights<f32>| {
            let model = weights.at("model").module(&self.model);
            let optimizer = self.optimizer.load(&weights.at("optimizer"), &model);
            Run { model, optimizer, rng, step }
        })
    }

    fn parameters(&self) -> Vec<u32> {
        let mut bits = Vec::new();
        self.model.for_each(|parameter| bits.extend(parameter.array().elements().iter().map(|x| x.to_bits())));
        bits
    }
}

fn adam_w() -> Run {
    let rule = AdamW { learning_rate: 0.02, ..AdamW::default() };
    Run::new(rule, AdamW { weight_decay: 0.0, ..rule })
}

#[test]
fn a_run_learns() {
    let mut run = adam_w();
    let first = run.go(1);
    let last = run.go(39);
    assert!(first > 1.5 && last < 0.3, "{first} {last}");
}

#[test]
fn a_run_that_is_resumed_is_the_run_that_was_not_stopped() {
    let momentum = Sgd { learning_rate: 0.1, momentum: 0.9, ..Sgd::default() };
    for mut run in [adam_w(), Run::new(momentum, Sgd::default())] {
        run.go(3);
        let file = SafeTensors::from_bytes(run.save()).unwrap();
        // One with other parameters, which are replaced.
        let mut resumed = Run { model: Model::new(9), ..run.clone() }.load(&file).unwrap();
        assert_eq!((run.go(4), run.parameters()), (resumed.go(4), resumed.parameters()));
    }
}

#[test]
fn a_file_of_another_model_says_what_does_not_fit() {
    let mut run = adam_w();
    run.go(1);
    let file = SafeTensors::from_bytes(run.save()).unwrap();
    let mut other = adam_w();
    other.model.encoder.layers.pop();
    other.model.head.bias = None;
    let message = other.load(&file).err().unwrap().to_string();
    assert!(message.contains("surplus: `model.encoder.layers.1.attention.query.weight`"), "{message}");
    assert!(message.contains("surplus: `model.head.bias` of sizes [7]"), "{message}");
    assert!(message.contains("surplus: `optimizer.head.bias.steps` of sizes []"), "{message}");
    // Without a moment that the rule needs.
    let momentum = Sgd { learning_rate: 0.1, momentum: 0.9, ..Sgd::default() };
    let mut run = Run::new(Sgd::default(), Sgd::default());
    run.go(1);
    let file = SafeTensors::from_bytes(run.save()).unwrap();
    let message = Run::new(momentum, Sgd::default()).load(&file).err().unwrap().to_string();
    assert!(message.contains("missing: `optimizer.head.weight.0`, expected (Vocab = 7, Embed = 8)"), "{message}");

    let file = SafeTensors::from_bytes(Writer::default().to_bytes().unwrap()).unwrap();
    let message = run.load(&file).err().unwrap().to_string();
    assert_eq!(message, "metadata `step`: expected u64, found nothing");
}

#[test]
fn what_is_frozen_stays_as_it_is() {
    let mut run = adam_w();
    run.model.embedding.freeze();
    run.model.encoder.layers[0].freeze();
    let before = run.model.clone();
    run.go(3);
    assert_eq!(run.model.embedding.weight.to_vec(), before.embedding.weight.to_vec());
    let weight = |model: &Model, layer: usize| model.encoder.layers[layer].attention.query.weight.to_vec();
    assert_eq!(weight(&run.model, 0), weight(&before, 0));
    assert_ne!(weight(&run.model, 1), weight(&before, 1));
    let mut state = Vec::new();
    let file = SafeTensors::from_bytes(run.save()).unwrap();
    state.extend(congruent::io::Source::names(&file).into_iter().filter(|name| name.contains("embedding")));
    assert_eq!(state, ["model.embedding.weight"]);
}

/// One field that is used twice: as a table, and as the output.
#[test]
fn a_tied_parameter_is_one() {
    #[derive(Clone, Module)]
    struct Tied {
        embedding: Embedding<Vocab, Embed>,
    }
    let mut rng = Rng::with_seed(1);
    let mut model = Tied { embedding: Embedding { weight: Tensor::uniform((Vocab, Embed), -1.0..1.0, &mut rng) } };
    assert_eq!(model.parameter_count(), 7 * 8);
    model.track();
    let tokens = Ids::new((Seq,), Vocab, &[0, 3, 1, 6, 3]).unwrap();
    let loss = |model: &Tied, output: &Tied| -> Tensor<()> {
        let logits = output.embedding.logits(&model.embedding.forward(&tokens));
        cross_entropy(&logits, &tokens).mean(Seq)
    };
    let both = loss(&model, &model).backward().of(&model.embedding.weight);
    let mut constant = model.clone();
    constant.freeze();
    let [table, output] =
        [loss(&model, &constant), loss(&constant, &model)].map(|loss| loss.backward().of(&model.embedding.weight));
    assert!((both - (table + output)).abs().to_vec().iter().all(|distance| *distance < 1e-6));
}

/// The sum of the gradients of two losses is the gradient of their sum.
#[test]
fn gradients_accumulate() {
    let (run, mut rng) = (adam_w(), Rng::with_seed(5));
    let (first, second) = (run.model.loss(&mut rng), run.model.loss(&mut rng));
    let together = (&first + &second).backward();
    let mut sum = first.backward();
    sum.accumulate(&run.model, &second.backward());
    assert!((sum.norm(&run.model) / together.norm(&run.model) - 1.0).abs() < 1e-6);
    let weight = &run.model.head.weight;
    assert!((sum.of(weight) - together.of(weight)).abs().to_vec().iter().all(|distance| *distance < 1e-6));
    let norm = sum.clip_norm(&run.model, 0.5);
    assert!(norm > 0.5 && (sum.norm(&run.model) - 0.5).abs() < 1e-6);
    assert!(sum.clip_norm(&run.model, 1.0) < 0.51 && (sum.norm(&run.model) - 0.5).abs() < 1e-6);
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("congruent-training-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.safetensors");
    let mut writer = Writer::default();
    writer.module("", &Model::new(1));
    writer.write(&path).unwrap();
    writer.write(&path).unwrap();
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["model.safetensors"]);
    let bytes = std::fs::read(&path).unwrap();
    // A part of a file is an error, wherever it ends.
    for end in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(SafeTensors::from_bytes(bytes[..end].to_vec()), Err(LoadError::Format(_))), "{end}");
    }
    // What cannot be written leaves what was there: the name of a folder.
    let taken = folder.join("taken");
    std::fs::create_dir(&taken).unwrap();
    let message = writer.write(&taken).unwrap_err().to_string();
    assert!(message.contains("taken"), "{message}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    let missing = folder.join("missing").join("model.safetensors");
    assert!(matches!(writer.write(missing), Err(LoadError::Io { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Without dropout, training is as inference; with it, the seed decides.
#[test]
fn dropout_is_that_of_the_seed() {
    let (model, x) = (Model::new(1), Tensor::uniform((Batch, Seq, Embed), -1.0..1.0, &mut Rng::with_seed(3)));
    let run = |rate, seed| {
        let y = model.encoder.forward_training(
            &x,
            &Causal,
            Dropout { rate },
            &mut Training::new(&mut Rng::with_seed(seed)),
        );
        y.to_vec()
    };
    let inference = model.encoder.forward(&x, &Causal).to_vec();
    assert!(run(0.0, 1).iter().zip(&inference).all(|(x, y)| (x - y).abs() < 1e-5));
    assert_eq!(run(0.5, 1), run(0.5, 1));
    assert_ne!(run(0.5, 1), run(0.5, 2));
    // With everything dropped, what is left is the input.
    assert_eq!(run(1.0, 1), x.to_vec());
}

/// Batches of different numbers of targets, against all of them as one.
#[test]
fn a_mean_over_batches_is_that_of_one_batch() {
    dims! { All = 2; One = 1; }
    let mut run = adam_w();
    run.model.dropout.rate = 0.0;
    let model = &run.model;
    let ids = [0, 1, 2, 3, 4, 6, 5, 0, 0, 0];
    fn losses<B: Dim>(model: &Model, lengths: &Lengths<B, Ragged<Seq>>, ids: &[u32]) -> Tensor<(B, Ragged<Seq>)> {
        let tokens = Ids::new((lengths.batch(), Ragged(Seq)), Vocab, ids).unwrap();
        let x = model.encoder.forward(&model.embedding.forward(&tokens), lengths);
        cross_entropy(&model.head.forward(&x), &tokens)
    }
    let lengths = Lengths::new(All, Ragged(Seq), &[5, 2]).unwrap();
    let together = mean_of_valid(&losses(model, &lengths, &ids), &lengths);
    let mut mean = MeanOver::new();
    for (ids, length) in ids.chunks(5).zip([5, 2]) {
        let lengths = Lengths::new(One, Ragged(Seq), &[length]).unwrap();
        mean.add(model, sum_of_valid(&losses(model, &lengths, ids), &lengths));
    }
    assert_eq!(mean.count(), 7);
    assert!((mean.loss() - f64::from(together.scalar())).abs() < 1e-6);
    let (found, expected) = (mean.into_gradients(model).unwrap(), together.backward());
    assert!((found.norm(model) / expected.norm(model) - 1.0).abs() < 1e-5);
    let of_weight = |gradients: &congruent::Gradients| gradients.of(&model.head.weight);
    assert!((of_weight(&found) - of_weight(&expected)).abs().to_vec().iter().all(|distance| *distance < 1e-6));

    // By a mask, and of all.
    let x = Tensor::from_nested((Batch, Vocab), [[1.0; 7], [2.0; 7], [3.0; 7]]).tracked();
    let chosen = Cpu::from_vec((Batch, Vocab), (0..21).map(|i| i < 3).collect()).unwrap();
    let mut mean = MeanOver::new();
    mean.add(&x, sum_where(&x, &chosen));
    mean.add(&x, SumOver::all(&x));
    assert_eq!((mean.count(), mean.loss()), (24, (3.0 + 42.0) / 24.0));
    let gradient = mean.into_gradients(&x).unwrap().of(&x).to_vec();
    assert_eq!(gradient, (0..21).map(|i| if i < 3 { 2.0 / 24.0 } else { 1.0 / 24.0 }).collect::<Vec<f32>>());
    let empty: MeanOver = MeanOver::new();
    assert_eq!(empty.loss(), 0.0);
    assert!(empty.into_gradients(&x).is_none());
    assert!(message(|| MeanOver::new().add(&x, SumOver::all(&x.detach()))).starts_with("the loss depends on nothing"));
}

/// A batch without sequences adds nothing, and is no error.
#[test]
fn an_empty_batch_has_gradients_of_zero() {
    dims! { None = 0; }
    let (mut model, _) = small();
    model.track();
    let x = Tensor::zeros((None, Ragged(Seq), Embed));
    let lengths = Lengths::new(None, Ragged(Seq), &[]).unwrap();
    let y = model.forward(&x);
    let loss = mean_of_valid(&y.square().mean(Vocab), &lengths);
    assert_eq!(loss.scalar(), 0.0);
    let gradients = loss.backward();
    assert!(gradients.get(&model.weight).unwrap().to_vec().iter().all(|slope| *slope == 0.0));
    for pooled in [y.masked_mean(&lengths), y.masked_last(&lengths)] {
        assert!(pooled.is_tracked());
    }
}

/// What a program that panics says.
fn message(program: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(program)).expect_err("it panics");
    panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap()
}

fn small() -> (Linear<Embed, Vocab>, Tensor<(Batch, Embed)>) {
    let mut rng = Rng::with_seed(1);
    (Linear::random(Embed, Vocab, &mut rng), Tensor::uniform((Batch, Embed), -1.0..1.0, &mut rng))
}

fn loss_of(model: &Linear<Embed, Vocab>, x: &Tensor<(Batch, Embed)>) -> Tensor<()> {
    model.forward(x).square().mean(Vocab).mean(Batch)
}
