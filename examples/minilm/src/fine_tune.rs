//! The second program: teaches all-MiniLM-L6-v2 to tell verse from prose.

use crate::cli::load;
use crate::passages::{Forms, Passage, Passages, TEST};
use crate::{Classifier, Dims, Example, MAX_TOKENS, MiniLm, PUBLISHED, Settings};
use crate::{features, fit_head, predictions};
use anyhow::{Context, anyhow};
use clap::Parser;
use clap::builder::RangedU64ValueParser;
use common::{Devices, Place, about, at_least_one, check_output, leave, parse};
use congruent::backend::{Autodiff, Backend, DeviceOf};
use congruent::io::Writer;
use congruent::nn::Linear;
use congruent::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;
use tokenizers::TruncationParams;

/// Teaches all-MiniLM-L6-v2 to tell verse from prose, by passages of Shakespeare's plays, and compares it with the published
/// model on plays that it has not seen.
#[derive(Parser)]
struct Arguments {
    /// A folder in Hugging Face layout, or what its hub has as owner/name or owner/name@revision; without it the model is fetched on
    /// first use.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// A folder of plays; without it they are fetched on first use.
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// How many passages of verse each play has at most to learn from, and of prose.
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = at_least_one)]
    passages: usize,
    /// The longest passage, in tokens, with those that begin and end it.
    #[arg(long, value_name = "N", default_value_t = 64)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(3..=MAX_TOKENS as u64))]
    tokens: usize,
    #[command(flatten)]
    settings: Settings,
    /// The seeds of the order of the examples and of the dropout: one model for each.
    #[arg(long, value_name = "N", num_args = 1.., default_values_t = [1])]
    seed: Vec<u64>,
    /// Writes the model of the last seed, with its classifier, under the published names.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// The decays of the weights of the baseline, of which the best is taken.
const DECAYS: [f64; 5] = [0.0, 1e-4, 1e-3, 1e-2, 1e-1];

/// Passages for one purpose, and what the published model makes of them.
struct Part {
    passages: Vec<Passage>,
    examples: Vec<Example>,
    features: Vec<f32>,
}

impl Part {
    fn new<D: Dims, B: Backend<Elem = f32>>(model: &MiniLm<D, B>, passages: Vec<Passage>) -> anyhow::Result<Self> {
        let texts: Vec<&str> = passages.iter().map(|passage| passage.text.as_str()).collect();
        let ids = model.tokenize(&texts)?.into_iter();
        let examples: Vec<_> = ids.zip(&passages).map(|(ids, passage)| Example { ids, class: passage.form }).collect();
        Ok(Part { features: features(&model.bert, &examples)?, passages, examples })
    }

    /// How many of so many predictions are right, in percent: of those of one play, or of all.
    fn accuracy(&self, predictions: &[u32], play: Option<&str>) -> f64 {
        let asked = self.passages.iter().zip(predictions);
        let asked = asked.filter(|(passage, _)| play.is_none_or(|play| passage.play == play));
        let (right, wrong): (Vec<_>, Vec<_>) = asked.partition(|(passage, form)| passage.form == **form);
        100.0 * right.len() as f64 / (right.len() + wrong.len()) as f64
    }
}

/// Trains classifiers of verse and prose as the arguments say, of which the first is the name of the program, and prints how
/// often they are right.
///
/// # Errors
/// There is no such device; model or plays cannot be fetched or read; an argument is out of its range; a loss is not finite; the
/// model cannot be written.
pub fn cli<B: Autodiff<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    devices: Devices<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let arguments: Arguments = parse(arguments, &devices).unwrap_or_else(|error| leave(error));
    arguments.settings.check()?;
    if let Some(path) = &arguments.save {
        check_output("--save", path)?;
    }
    let device = arguments.place.open(devices)?;
    // What is chosen of the plays stays the same, whatever the seeds of the training.
    let passages = Passages::read(arguments.text.as_deref(), arguments.passages, 0);
    let passages = passages.context(if arguments.text.is_some() { "--text" } else { "the plays" })?;
    let mut model = load::<_, B>(arguments.model.as_deref(), |_| Ok(PUBLISHED), &device)?;
    let truncation = TruncationParams { max_length: arguments.tokens, ..TruncationParams::default() };
    model.tokenizer.with_truncation(Some(truncation)).map_err(|error| anyhow!("{error}"))?;
    let start = Instant::now();
    let training = Part::new(&model, passages.training)?;
    let validation = Part::new(&model, passages.validation)?;
    let test = Part::new(&model, passages.test)?;
    let parts = [&training, &validation, &test];
    let [learnt, chosen, tested] = parts.map(|part| part.passages.len());
    let mut out = io::stdout();
    writeln!(
        out,
        "passages, half of them verse: {learnt} to learn from, {chosen} to choose by, {tested} to test with\n"
    )?;
    writeln!(
        out,
        "{:30} {:>8} {:>8} {:>8}   of which {}",
        "right, in percent",
        "learnt",
        "chosen",
        "tested",
        TEST.join(", ")
    )?;

    let (decay, head) = best_head(model.bert.embed(), &training, &validation)?;
    report(&format!("published, head of decay {decay}"), parts, start, |part| predictions(&head, &part.features))?;

    for &seed in &arguments.seed {
        let start = Instant::now();
        let mut classifier = Classifier { encoder: model.bert.clone(), head: head.to_engine::<B>(&device) };
        classifier.encoder.track_layers();
        classifier.head.track();
        tune(&arguments.settings, &mut classifier, &training.examples, seed)?;
        report(&format!("fine-tuned, seed {seed}"), parts, start, |part| classifier.predictions(&part.examples))?;
        if let Some(path) = arguments.save.as_ref().filter(|_| arguments.seed.last() == Some(&seed)) {
            let mut writer = Writer::default();
            writer.module("", &classifier.encoder);
            writer.module("classifier", &classifier.head);
            writer.write(path).map_err(|error| about(path)(error.into())).context("--save")?;
            writeln!(out, "saved: {}", path.display())?;
        }
    }
    Ok(())
}

/// The baseline: the head that is best on the validation, of those with one decay or another.
fn best_head<E: Dense>(embed: E, training: &Part, validation: &Part) -> anyhow::Result<(f64, Linear<E, Forms>)> {
    let mut heads = Vec::new();
    for decay in DECAYS {
        let head = fit_head((embed, Forms), &training.features, &training.examples, decay)?;
        let right = validation.accuracy(&predictions(&head, &validation.features)?, None);
        heads.push((right, decay, head));
    }
    let best = heads.into_iter().max_by(|(one, ..), (other, ..)| one.total_cmp(other));
    best.map(|(_, decay, head)| (decay, head)).context("there is no decay to choose")
}

/// Trains a classifier, and shows how far it is.
fn tune<D: Dims, B: Autodiff<Elem = f32>>(
    settings: &Settings,
    classifier: &mut Classifier<D, Forms, B>,
    examples: &[Example],
    seed: u64,
) -> anyhow::Result<()> {
    let style = ProgressStyle::with_template("{bar:30} step {pos} of {len}, loss {msg}, {eta} left")?;
    let bar = ProgressBar::new(settings.steps(examples.len())).with_style(style);
    let mut smooth = None;
    settings.tune(classifier, examples, seed, |loss| {
        let loss = smooth.map_or(loss, |smooth: f32| 0.95 * smooth + 0.05 * loss);
        smooth = Some(loss);
        bar.set_message(format!("{loss:.3}"));
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// A row of the table.
fn report(
    name: &str,
    parts: [&Part; 3],
    start: Instant,
    predict: impl Fn(&Part) -> Result<Vec<u32>, Error>,
) -> anyhow::Result<()> {
    let mut row = format!("{name:30}");
    let mut tested = Vec::new();
    for part in parts {
        tested = predict(part)?;
        row += &format!(" {:8.1}", part.accuracy(&tested, None));
    }
    let [.., test] = parts;
    let plays = TEST.map(|play| format!("{:.1}", test.accuracy(&tested, Some(play))));
    Ok(writeln!(io::stdout(), "{row}   {} ({:.0} s)", plays.join(", "), start.elapsed().as_secs_f64())?)
}
