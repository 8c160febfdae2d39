//! The program.

use crate::{Conversation, Decoder, Options, Pretrained, Timed, configured, find_or_fetch};
use anyhow::Context;
use clap::Parser;
use common::{Devices, Place, at_least_one, is_broken_pipe, parse};
use congruent::backend::{Backend, DeviceOf};
use congruent::generate::{Finish, Sampling};
use congruent::prelude::Dense;
use indicatif::{ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

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
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = at_least_one)]
    max_tokens: usize,
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
    #[command(flatten)]
    place: Place,
}

/// Answers the question of the arguments, of which the first is the name of the program, or those of standard input.
///
/// # Errors
/// There is no such device; the model cannot be fetched or read; an argument is out of its range; the question has no room in the
/// context.
pub fn cli<B: Backend<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    devices: Devices<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let arguments: Arguments = parse(arguments, &devices).unwrap_or_else(|error| error.exit());
    let device = arguments.place.open(devices)?;
    let path = find_or_fetch(arguments.model.as_deref())?;
    let named_by = if arguments.model.is_some() { "--model" } else { "the model" };
    let mut pretrained = Pretrained::open(&path).context(named_by)?;
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
    let many = |tokens: usize| if tokens == 1 { "1 token".to_owned() } else { format!("{tokens} tokens") };
    let mut report = io::stderr().lock();
    match answer.finish {
        Finish::Maximum => {
            writeln!(report, "[the answer has {}, the most that --max-tokens allows]", many(answer.tokens))?;
        }
        Finish::Context => writeln!(report, "[the context of {} tokens is full]", conversation.context())?,
        _ => {}
    }
    // The first token of an answer is the end of reading the prompt: of one token there is no rate.
    let rate = |timed: Timed| timed.rate().map_or_else(String::new, |rate| format!(", {rate:.1} tokens/s"));
    let [prompt, generation] = [answer.prompt, answer.generation].map(rate);
    let [read, said] = [answer.prompt.tokens, answer.tokens].map(many);
    writeln!(report, "[prompt: {read}{prompt}; answer: {said}{generation}]")?;
    Ok(())
}
