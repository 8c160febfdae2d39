//! The program.

use crate::{Conversation, Decoder, Options, Pretrained, configured, find_or_fetch};
use anyhow::Context;
use clap::Parser;
use congruent::backend::{Backend, DeviceOf};
use congruent::generate::{Finish, Sampling};
use congruent::prelude::Dense;
use indicatif::{ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Asks a language model: SmolLM2-135M-Instruct, or another of the Llama family.
///
/// Without a question it takes one from each line: /reset begins anew, and the end of the input (Ctrl-D) ends it.
#[derive(Parser)]
struct Arguments {
    /// The question.
    question: Option<String>,
    /// A GGUF file, or a folder in Hugging Face layout; without it SmolLM2 is fetched on first use.
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,
    /// Below 1 likely tokens gain, above 1 unlikely ones; at 0 the most likely is taken.
    #[arg(long, default_value_t = 0.2)]
    temperature: f32,
    /// Draws among so many of the most likely tokens.
    #[arg(long, value_name = "N")]
    top_k: Option<usize>,
    /// Draws among the fewest most likely tokens whose probabilities reach this sum.
    #[arg(long, value_name = "P", default_value_t = 0.9)]
    top_p: f32,
    /// Above 1, makes tokens less likely that are there already.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    repetition_penalty: f32,
    /// Where the random numbers begin: the same seed gives the same answers.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The most tokens of an answer.
    #[arg(long, value_name = "N", default_value_t = 1024)]
    max_tokens: usize,
    /// How many threads of the processor's own engine calculate; without it, as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// The most tokens of a conversation, where the model has room for more.
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// Ends an answer where this would stand; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// What the model is told before anything else.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Goes on with the text as it is, without the chat template.
    #[arg(long)]
    raw: bool,
    /// Where it calculates: `cpu`, or in a build with another engine one of the devices that it has. Without it, on the first
    /// that there is.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
}

/// Answers the question of the arguments, of which the first is the name of the program, or those of standard input. The engine
/// finds the device of the name that `--device` has, if it is there. What is wrong is written to standard error.
pub fn cli<B: Backend<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    find: impl FnOnce(Option<&str>) -> anyhow::Result<DeviceOf<B>>,
) -> ExitCode {
    match run::<B>(Arguments::parse_from(arguments), find) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads on, as after `| head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn run<B: Backend<Elem = f32>>(
    arguments: Arguments,
    find: impl FnOnce(Option<&str>) -> anyhow::Result<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let device = find(arguments.device.as_deref())?;
    if let Some(threads) = arguments.threads {
        congruent::threads::set(threads);
    }
    let path = find_or_fetch(arguments.model.as_deref())?;
    let mut pretrained = Pretrained::open(&path)?;
    if let Some(context) = arguments.context {
        pretrained.config = pretrained.config.with_context(context)?;
    }
    let style = ProgressStyle::with_template("loading {bar:40} {pos} of {len} layers")?;
    // Where stderr is no terminal, it is not drawn.
    let bar = ProgressBar::new(pretrained.config.settings.layers as u64).with_style(style);
    let model = pretrained.load(pretrained.config.dims()?, &device, || bar.inc(1));
    let model: configured::Model<B> = model.with_context(|| path.display().to_string())?;
    bar.finish_and_clear();

    let Arguments { temperature, top_k, top_p, repetition_penalty, .. } = arguments;
    let options = Options {
        sampling: Sampling { temperature, top_k, top_p, repetition_penalty },
        seed: arguments.seed,
        max_tokens: arguments.max_tokens,
        stop: arguments.stop,
        system: arguments.system,
        raw: arguments.raw,
    };
    let mut conversation = Conversation::new(&pretrained, &model, options)?;
    match arguments.question {
        Some(question) => ask(&mut conversation, &question),
        None => converse(&mut conversation),
    }
}

/// A question in each line.
fn converse<B: Backend<Elem = f32>>(
    conversation: &mut Conversation<'_, impl Dense, impl Decoder<B>, B>,
) -> anyhow::Result<()> {
    let prompts = io::stdin().is_terminal();
    loop {
        if prompts {
            write!(io::stderr(), "> ")?;
        }
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.trim_end_matches(['\n', '\r']) {
            "" => {}
            "/reset" => conversation.reset(),
            // The conversation is as before.
            question => match ask(conversation, question) {
                Err(error) if !is_broken_pipe(&error) => {
                    writeln!(io::stderr(), "error: {error:#} (/reset begins anew)")?;
                }
                other => other?,
            },
        }
    }
}

fn ask<B: Backend<Elem = f32>>(
    conversation: &mut Conversation<'_, impl Dense, impl Decoder<B>, B>,
    question: &str,
) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let answer = conversation.ask(question, |text| {
        out.write_all(text.as_bytes())?;
        out.flush()
    })?;
    writeln!(out)?;
    out.flush()?;
    let mut report = io::stderr().lock();
    match answer.finish {
        Finish::Maximum => {
            writeln!(report, "[the answer has {} tokens, the most that --max-tokens allows]", answer.tokens)?;
        }
        Finish::Context => writeln!(report, "[the context of {} tokens is full]", conversation.context())?,
        _ => {}
    }
    let [prompt, generation] = [answer.prompt, answer.generation].map(|timed| timed.rate());
    writeln!(
        report,
        "[prompt: {} tokens, {prompt:.1} tokens/s; answer: {} tokens, {generation:.1} tokens/s]",
        answer.prompt.tokens, answer.tokens
    )?;
    Ok(())
}
