//! The program.

use crate::{CHECKPOINT, COUNTED, Log, Run, Settings, Text, mean_loss, read};
use anyhow::{Context, ensure};
use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use common::{Devices, Interrupt, Place, about, check_output, leave, parse};
use congruent::backend::{Autodiff, Backend, DeviceOf};
use congruent::generate::{Sampler, Sampling};
use congruent::io::Gguf;
use congruent::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};
use speak::{Alphabet, Positions, Speaker, characters};
use std::ffi::OsString;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

dims! {
    /// The characters of the text.
    pub once Vocab;
}

/// Trains a language model of characters: on the plays of Shakespeare, or on another text.
#[derive(Parser)]
struct Arguments {
    /// A text, or a folder of texts; without it, the plays are fetched on first use.
    #[arg(long, value_name = "PATH")]
    text: Option<PathBuf>,
    /// The folder of the checkpoint and of the curve.
    #[arg(long, value_name = "DIR", default_value = "target/train")]
    out: PathBuf,
    /// Goes on from the checkpoint in the folder, with the settings that it has.
    #[arg(long, conflicts_with = "Settings")]
    resume: bool,
    #[command(flatten)]
    settings: Settings,
    /// Writes a row for each step: step, tokens (characters) so far, loss, learning rate, tokens per second, seconds. With --resume the
    /// table goes on.
    #[arg(long, value_name = "FILE.csv")]
    log: Option<PathBuf>,
    /// Draws the losses at the end, as SVG or PNG by the name of the file; curve.svg is in the folder in any case.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Writes the model into a file in half precision, with its alphabet: as GGUF where the name ends in .gguf, else as safetensors.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// What the model goes on from when it has learnt; without it Hamlet's name, or of another text its first line.
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// How many characters it says.
    #[arg(long, value_name = "N", default_value_t = 500)]
    say: usize,
    /// Below 1 likely characters gain, above 1 unlikely ones; at 0 the most likely is said.
    #[arg(long, default_value_t = 0.8)]
    temperature: f32,
    #[command(flatten)]
    place: Place,
}

/// Trains a model as the arguments say, of which the first is the name of the program, and lets it speak.
///
/// # Errors
/// There is no such device; an argument is out of its range; the text cannot be fetched or read; there is nothing to go on from
/// with `--resume`, or something without it; the loss is no number any more; a file cannot be written; somebody else
/// in the process handles Ctrl-C.
pub fn cli<B: Autodiff<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    devices: Devices<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let arguments: Arguments = parse(arguments, &devices).map_err(with_tip).unwrap_or_else(|error| leave(error));
    if let Some(path) = &arguments.export {
        check_output("--export", path)?;
    }
    if let Some(path) = &arguments.log {
        check_output("--log", path)?;
    }
    if let Some(path) = &arguments.plot {
        plots::check("--plot", path)?;
    }
    let sampling = Sampling { temperature: arguments.temperature, ..Sampling::default() };
    Sampler::new(sampling, 0).context("--temperature")?;
    let device = arguments.place.open(devices)?;
    let text =
        read(arguments.text.as_deref()).context(if arguments.text.is_some() { "--text" } else { "the plays" })?;
    let prompt = arguments.prompt.unwrap_or_else(|| match arguments.text {
        None => "**HAMLET**  \n".to_owned(),
        Some(_) => text.split_inclusive('\n').next().unwrap_or_default().to_owned(),
    });
    ensure!(!prompt.is_empty(), "--prompt: there is nothing to go on from");
    let characters = characters(&text);
    let alphabet = Alphabet::new(Vocab::set(characters.chars().count())?, &characters)?;
    let prompt_ids = alphabet.encode(&prompt).context("--prompt")?;
    let text = Text::new(&alphabet, &text)?;
    let mut run = match arguments.resume {
        true => Run::<_, B>::resume_on(&arguments.out, alphabet, &text, &device)?,
        false => {
            let path = arguments.out.join(CHECKPOINT);
            let out = path.display();
            ensure!(!path.exists(), "{out} is there already: go on with --resume, or choose another folder by --out");
            Run::new_on(arguments.settings, alphabet, &text, &device)?
        }
    };
    // Not known to be impossible when the first steps are done.
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("--out: {}", arguments.out.display()))?;
    eprintln!(
        "{} characters, of an alphabet of {}; {} parameters",
        text.ids().len(),
        Vocab::get().map_or(0, |vocab| vocab.size()),
        run.speaker.model.parameter_count()
    );
    let log = arguments.log.as_deref().map(|path| match arguments.resume {
        true => Log::resume(path, run.step()),
        false => Log::create(path),
    });
    train(&mut run, &text, &arguments.out, log.transpose().context("--log")?)?;
    if let Some(path) = &arguments.plot {
        run.curve().draw(path).map_err(about(path)).context("--plot")?;
    }
    if run.step() < run.settings().steps {
        return Ok(writeln!(io::stdout(), "stopped after step {}: --resume goes on", run.step())?);
    }

    if let Some(path) = &arguments.export {
        let exported = run.speaker.export();
        exported.write(path).map_err(|error| about(path)(error.into())).context("--export")?;
        let file = Gguf::from_bytes(exported.to_gguf()?)?;
        let speaker = Speaker::<_, B>::load_on(&file, run.speaker.alphabet.vocab(), &device)?;
        writeln!(io::stdout(), "{}: {} bytes", path.display(), path.metadata()?.len())?;
        report(&speaker, &text, "in half precision")?;
    }
    report(&run.speaker, &text, "in single precision")?;
    let mut out = io::stdout().lock();
    write!(out, "\n{prompt}")?;
    run.speaker.speak(&prompt_ids, sampling, run.settings().seed, arguments.say, |character| {
        write!(out, "{character}")?;
        anyhow::Ok(out.flush()?)
    })?;
    Ok(writeln!(out)?)
}

/// Says what to do where a setting stands beside `--resume`.
fn with_tip(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::ArgumentConflict {
        let tip = "--resume goes on with the settings of the checkpoint: leave out the others, or begin anew with them, without \
                   --resume, in another folder (--out)";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// Goes on until the last step, or Ctrl-C.
fn train<B: Autodiff<Elem = f32>>(
    run: &mut Run<Vocab, B>,
    text: &Text<Vocab>,
    out: &Path,
    mut log: Option<Log>,
) -> anyhow::Result<()> {
    let interrupt = Interrupt::listen()?;
    let Settings { steps, batch, context, accumulate, learning_rate, .. } = *run.settings();
    let (schedule, tokens) = (run.settings().schedule(), (batch * context * accumulate) as u64);
    let style = "{bar:30} step {pos} of {len}, {msg}, {eta} left";
    let bar = ProgressBar::new(steps).with_style(ProgressStyle::with_template(style)?).with_position(run.step());
    bar.reset_eta();
    let (begin, started) = (run.step(), std::time::Instant::now());
    let (mut smooth, mut logged) = (None, Ok(()));
    run.go_on(text, out, |run, loss| {
        if let Some(log) = &mut log {
            // Of the step before which the loss was this one.
            let rate = learning_rate * schedule.at(run.step() - 1);
            logged = log.step(run.step(), [tokens, tokens * run.step()], loss, rate);
        }
        smooth = Some(smooth.map_or(loss, |smooth| 0.98 * smooth + 0.02 * loss));
        let rate = ((run.step() - begin) * tokens) as f64 / started.elapsed().as_secs_f64();
        bar.set_message(format!("loss {:.3}, {rate:.0} characters/s", smooth.unwrap_or(loss)));
        bar.set_position(run.step());
        if let Some(point) = run.curve().0.last().filter(|point| point.step == run.step()) {
            bar.suspend(|| {
                let (step, training, held_out) = (point.step, point.training, point.held_out);
                eprintln!("step {step}: loss {training:.4}, held out {held_out:.4}, {rate:.0} characters/s");
            });
        }
        if interrupt.came() || logged.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    bar.finish_and_clear();
    logged.context("--log")
}

/// Says how well a text is predicted that was never seen.
fn report<B: Backend<Elem = f32>>(speaker: &Speaker<Vocab, B>, text: &Text<Vocab>, how: &str) -> anyhow::Result<()> {
    let test = text.test();
    let (count, loss) = (test.len(), mean_loss(&speaker.model, text.ids(), test, Positions.size())?);
    let counted = format!("(counted in the plays: {COUNTED})");
    Ok(writeln!(io::stdout(), "{loss:.4} nats a character {how}, over {count} held-out ones {counted}")?)
}
