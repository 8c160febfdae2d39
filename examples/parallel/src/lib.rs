//! The language model of characters of the example `train`, trained by several processes together: each has a part of the batch
//! (`--data`), or a part of the heads and of the hidden features (`--model`), or both; and of the characters, if one likes
//! (`--vocabulary`).
//!
//! ```sh
//! cargo run --release -p parallel                       # one process
//! cd engines/mpi && cargo build --release --example parallel
//! mpirun -n 4 target/release/examples/parallel --data 2 --model 2
//! ```
//!
//! However many there are, they learn the same: the losses are those of one process, but for rounding.

use anyhow::{Context, ensure};
use clap::{Args, Parser};
use common::{at_least_one, check_output, leave, not_negative, parse_plain, said_to_all};
use congruent::dim::Vocabulary;
use congruent::mesh::{Communicator, Mesh, OnMesh};
use congruent::nn::cross_entropy;
use congruent::optim::{AdamW, Optimizer};
use congruent::prelude::*;
use speak::{Alphabet, Ffn, Heads, Model, Positions, characters};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use train::{Log, Text, read};

dims! {
    /// Along this axis of the mesh, each process has a part of the batch.
    Data;
    /// Along this one, a part of the model.
    Parts;
    /// The sequences of a step.
    Batch;
    /// The characters of a sequence.
    Seq;
    /// The characters of the text.
    Vocab;
}

/// How a model is trained.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Into how many parts the batch is divided.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub data: usize,
    /// Into how many parts the model is divided.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub model: usize,
    /// Divide the characters of the text among the parts of the model as well.
    #[arg(long)]
    pub vocabulary: bool,
    /// How many times the parameters change.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// The steps after which the loss is printed.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub every: u64,
    /// The sequences of a step, of all processes together.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = at_least_one)]
    pub batch: usize,
    /// The characters of a sequence.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_one)]
    pub context: usize,
    /// The layers of the model.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = at_least_one)]
    pub layers: usize,
    /// The learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, value_parser = not_negative)]
    pub learning_rate: f64,
    /// What the processes divide that have the model alike, as ZeRO has it: nothing (0), the state of the optimizer (1), or its
    /// gradients as well (2).
    #[arg(long, value_name = "STAGE", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=2))]
    pub zero: u8,
    /// The longest that the gradient of a step may be.
    #[arg(long, value_name = "NORM", default_value_t = 1.0, value_parser = not_negative)]
    pub clip: f64,
    /// Where the random numbers begin.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A step of a training.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Which one, counted from 1.
    pub number: u64,
    /// The loss that the model had before it, which is the same in all processes.
    pub loss: f32,
    /// How many parameters this process has.
    pub parameters: usize,
    /// How many numbers it keeps for the optimizer.
    pub state: usize,
}

/// Trains a language model of characters by several processes together.
#[derive(Parser)]
struct Arguments {
    /// A text, or a folder of texts; without it, the plays of Shakespeare are fetched on first use.
    #[arg(long, value_name = "PATH")]
    text: Option<PathBuf>,
    /// Writes a row for each step: step, tokens (characters) so far, loss, learning rate, tokens per second, seconds.
    #[arg(long, value_name = "FILE.csv")]
    log: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// Trains a model as the arguments say, of which the first is the name of the program, as one of the processes of `world`. The first
/// of them prints the losses.
///
/// # Errors
/// As [`train()`]; the text cannot be fetched or read.
pub fn cli(arguments: impl IntoIterator<Item = OsString>, world: Arc<dyn Communicator>) -> anyhow::Result<()> {
    let Arguments { text, settings, log } = parse_plain(arguments).unwrap_or_else(|error| leave(error));
    let is_first = world.rank() == 0;
    let log = log.filter(|_| is_first).map(|path| {
        check_output("--log", &path)?;
        Log::create(&path).context("--log")
    });
    let mut log = log.transpose()?;
    // One of them fetches the text, and says it to the others.
    let text = if is_first {
        read(text.as_deref()).context(if text.is_some() { "--text" } else { "the plays" })?.into_bytes()
    } else {
        Vec::new()
    };
    let text = String::from_utf8(said_to_all(&*world, text))?;
    let tokens = (settings.batch * settings.context) as u64;
    train(&settings, &text, world, |Step { number, loss, .. }| {
        if let Some(log) = &mut log {
            let row = log.step(number, [tokens, tokens * number], loss.into(), settings.learning_rate);
            row.context("--log")?;
        }
        if is_first && number.is_multiple_of(settings.every) {
            writeln!(io::stdout(), "step {number}: loss {loss:.6}")?;
        }
        Ok(())
    })
}

/// Trains a model on a text, as one of the processes of `world`: `after` gets each step.
///
/// # Errors
/// There are not as many processes as parts; the batch, the model or the characters are not divided evenly; the text is too short; and
/// what `after` gives.
pub fn train(
    settings: &Settings,
    text: &str,
    world: Arc<dyn Communicator>,
    after: impl FnMut(Step) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let most = Positions.size();
    ensure!(settings.context <= most, "--context is {}, and may be {most} at most", settings.context);
    let characters = characters(text);
    bind!(data: Data = settings.data, parts: Parts = settings.model, vocab: Vocab = characters.chars().count());
    bind!(batch: Batch = settings.batch, seq: Seq = settings.context);
    let text = Text::new(&Alphabet::new(vocab, &characters)?, text)?;

    let mesh = Mesh::new(world, (data, parts))?;
    mesh.agree(&format!("{settings:?}"));
    match settings.vocabulary {
        true => train_with(settings, &text, &mesh, (batch, seq), mesh.try_shard(vocab, parts)?, after),
        false => train_with(settings, &text, &mesh, (batch, seq), vocab, after),
    }
}

/// Trains a model of which this process has these characters, all or a part.
fn train_with<V: Vocabulary, D: Dim, P: Dim>(
    settings: &Settings,
    text: &Text<V::Whole>,
    mesh: &Mesh<(D, P)>,
    (batch, seq): (impl Dense, impl Dense),
    vocab: V,
    mut after: impl FnMut(Step) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (data, parts) = mesh.axes();
    let device = mesh.device();
    let part = mesh.try_shard(batch, data)?;
    let (heads, ffn) = (mesh.try_shard(Heads, parts)?, mesh.try_shard(Ffn, parts)?);
    // All begin with the same numbers, and each keeps its part.
    let rng = &mut Rng::with_seed(settings.seed);
    let mut model = Model::of_heads(vocab, heads, ffn, settings.layers, rng).to_engine::<OnMesh<Cpu<f32>>>(&device);
    model.track();
    let mut parameters = 0;
    model.for_each(|parameter| parameters += parameter.sizes().iter().product::<usize>());
    let mut optimizer = Optimizer::new(AdamW { learning_rate: settings.learning_rate, ..AdamW::default() });
    if settings.zero > 0 {
        optimizer = optimizer.sharded(mesh, data);
    }
    for number in 1..=settings.steps {
        let texts = text.sample(batch, seq, rng)?;
        let [read, targets] = texts.map(|ids| ids.to_engine::<OnMesh<Cpu<f32>>>(&device).shard(part));
        let losses = cross_entropy(&model.logits(&read)?, &targets).mean(seq);
        let loss = losses.partial_mean(part).all_reduce();
        let value = loss.scalar();
        ensure!(value.is_finite(), "after {} steps the loss is {value}: a lower --learning-rate may help", number - 1);
        if settings.zero == 2 {
            let mut gradients = optimizer.backward(loss);
            gradients.clip_norm(&model, settings.clip);
            optimizer.step(&mut model, &gradients, 1.0);
        } else {
            let mut gradients = loss.backward();
            gradients.clip_norm(&model, settings.clip);
            optimizer.step(&mut model, &gradients, 1.0);
        }
        after(Step { number, loss: value, parameters, state: optimizer.state_elements() })?;
    }
    Ok(())
}
