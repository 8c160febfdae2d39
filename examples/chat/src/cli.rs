//! The program.

use crate::draft::Speculation;
use crate::files::MODEL_VARIABLE;
use crate::{Conversation, Decoder, Dims, Options, Pretrained, Timed, find_or_fetch};
use anyhow::Context;
use clap::Parser;
use common::{Devices, Place, at_least_one, is_broken_pipe, leave, parse, processor, said_to_all};
use congruent::backend::{Backend, DeviceOf};
use congruent::dim::Filled;
use congruent::generate::{Finish, Sampling};
use congruent::mesh::{Alone, Communicator, Mesh, OnMesh};
use congruent::prelude::*;
use congruent::shape::SharesHeads;
use indicatif::{ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Asks a language model: SmolLM2-135M-Instruct, or another of the Llama family.
///
/// Without a question it takes one from each line: /reset begins anew, and the end of the input (Ctrl-D) ends it.
#[derive(Parser)]
struct Arguments {
    /// The question.
    question: Option<String>,
    /// A GGUF file, a folder in Hugging Face layout, or what its hub has as owner/name, owner/name@revision, owner/name:Q4_K_M or
    /// owner/name/file.gguf; without it SmolLM2 is fetched on first use.
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
    speculation: Speculation,
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
    let arguments: Arguments = parse(arguments, &devices).unwrap_or_else(|error| leave(error));
    let device = arguments.place.open(devices)?;
    let path = find_or_fetch(arguments.model.as_deref())?;
    let pretrained = arguments.open(&path)?;
    arguments.answer::<_, _, _, _, _, _, _, _, _, B>(&pretrained, &path, pretrained.config.dims()?, &device, &Alone)
}

dims! {
    /// The processes among which a model is divided.
    once Ranks;
}

/// As [`cli`], by all processes of `world` together: each has a part of the hidden features, and of the heads where they can be
/// divided. The first one fetches the model, reads the questions and writes the answers.
///
/// # Errors
/// As [`cli`]; and the hidden features cannot be divided among so many.
pub fn cli_on_ranks(arguments: impl IntoIterator<Item = OsString>, world: Arc<dyn Communicator>) -> anyhow::Result<()> {
    let devices = processor("chat");
    let arguments: Arguments = parse(arguments, &devices).unwrap_or_else(|error| leave(error));
    arguments.place.open(devices)?;
    let is_first = world.rank() == 0;
    let path = if is_first { find_or_fetch(arguments.model.as_deref())? } else { PathBuf::new() };
    let path = said_to_all(&*world, path.into_os_string().into_encoded_bytes());
    let path = PathBuf::from(String::from_utf8(path).context("the path of the model is no text")?);
    let pretrained = arguments.open(&path)?;

    let ranks = Ranks::set(world.ranks())?;
    let mesh = Mesh::new(world.clone(), (ranks,))?;
    let device = mesh.device();
    let Dims { vocab, positions, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn } =
        pretrained.config.dims()?;
    let (ffn, expert_ffn) = (mesh.try_shard(ffn, ranks)?, mesh.try_shard(expert_ffn, ranks)?);
    match mesh.try_shard(key_heads, ranks) {
        Ok(key_heads) => {
            let heads = Times(key_heads, heads.1);
            let dims = Dims { vocab, positions, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn };
            arguments.answer::<_, _, _, _, _, _, _, _, _, OnMesh<Cpu<f32>>>(&pretrained, &path, dims, &device, &*world)
        }
        Err(why) => {
            if is_first {
                writeln!(io::stderr(), "[each process has all heads: {why}]")?;
            }
            let dims = Dims { vocab, positions, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn };
            arguments.answer::<_, _, _, _, _, _, _, _, _, OnMesh<Cpu<f32>>>(&pretrained, &path, dims, &device, &*world)
        }
    }
}

impl Arguments {
    /// What the files of the model say of it.
    fn open(&self, path: &Path) -> anyhow::Result<Pretrained> {
        let named_by = match self.model {
            Some(_) => "--model",
            None if std::env::var_os(MODEL_VARIABLE).is_some() => MODEL_VARIABLE,
            None => "the model",
        };
        let mut pretrained = Pretrained::open(path).context(named_by)?;
        if let Some(context) = self.context {
            pretrained.config = pretrained.config.with_context(context)?;
        }
        Ok(pretrained)
    }

    /// Takes the model to a device, and answers.
    fn answer<
        V: Dense,
        P: Dense,
        E: Dense,
        Q: Filled + SharesHeads<H>,
        H: Filled,
        D: Dense,
        F: Filled,
        X: Dense,
        W: Filled,
        B: Backend<Elem = f32>,
    >(
        self,
        pretrained: &Pretrained,
        path: &Path,
        dims: Dims<V, P, E, Q, H, D, F, X, W>,
        device: &DeviceOf<B>,
        world: &dyn Communicator,
    ) -> anyhow::Result<()> {
        let style = ProgressStyle::with_template("loading {bar:40} {pos} of {len} layers")?;
        // Where stderr is no terminal, it is not drawn.
        let layers = pretrained.config.settings.layers as u64;
        let bar = if world.rank() == 0 { ProgressBar::new(layers) } else { ProgressBar::hidden() }.with_style(style);
        let model = pretrained.load::<_, _, _, _, _, _, _, _, _, B>(dims, device, || bar.inc(1));
        let model = model.with_context(|| path.display().to_string())?;
        bar.finish_and_clear();

        let proposing = self.speculation.open::<V, B>(pretrained, model.vocab(), device, world)?;
        let most = self.speculation.most();

        let Arguments { temperature, top_k, top_p, repetition_penalty, .. } = self;
        let options = Options {
            sampling: Sampling { temperature, top_k, top_p, repetition_penalty },
            seed: self.seed,
            max_tokens: self.max_tokens,
            stop: self.stop,
            system: self.system,
            raw: self.raw,
        };
        let mut conversation = Conversation::new(pretrained, &model, options)?;
        if let Some(proposing) = &proposing {
            conversation = conversation.with_proposer(proposing.proposer()?, most);
        }
        match self.question {
            Some(question) => ask(&mut conversation, &question, world),
            None => converse(&mut conversation, world),
        }
    }
}

/// A question in each line.
fn converse<B: Backend<Elem = f32>>(
    conversation: &mut Conversation<'_, impl Dense, impl Decoder<B>, B>,
    world: &dyn Communicator,
) -> anyhow::Result<()> {
    let is_first = world.rank() == 0;
    let prompts = is_first && io::stdin().is_terminal();
    loop {
        if prompts {
            write!(io::stderr(), "> ")?;
        }
        let mut line = String::new();
        if is_first {
            io::stdin().lock().read_line(&mut line)?;
        }
        let line = String::from_utf8(said_to_all(world, line.into_bytes()))?;
        match line.trim_end_matches(['\n', '\r']) {
            // Not even the end of a line.
            _ if line.is_empty() => return Ok(()),
            "" => {}
            "/reset" => conversation.reset(),
            // The conversation is as before.
            question => match ask(conversation, question, world) {
                Err(error) if !is_broken_pipe(&error) => {
                    if is_first {
                        writeln!(io::stderr(), "error: {error:#} (/reset begins anew)")?;
                    }
                }
                other => other?,
            },
        }
    }
}

fn ask<B: Backend<Elem = f32>>(
    conversation: &mut Conversation<'_, impl Dense, impl Decoder<B>, B>,
    question: &str,
    world: &dyn Communicator,
) -> anyhow::Result<()> {
    if world.rank() > 0 {
        conversation.ask(question, |_| Ok(()))?;
        return Ok(());
    }
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
