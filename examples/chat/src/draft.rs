//! What proposes tokens, so that answers come faster.

use crate::files::named;
use crate::{Dims, Pretrained, Texts};
use anyhow::{Context, ensure};
use clap::Args;
use common::{at_least_one, said_to_all};
use congruent::backend::{Backend, DeviceOf};
use congruent::generate::{Draft, PromptLookup, Proposer};
use congruent::mesh::Communicator;
use congruent::prelude::*;
use congruent_models::decoder::Llama;
use std::path::{Path, PathBuf};

dims! {
    /// The positions of the draft.
    once Positions;
    /// Its width.
    once Embed;
    /// Its heads of keys and values.
    once KeyHeads;
    /// The query heads that share one.
    once Group;
    /// The width of a head.
    once HeadDim;
    /// The width between the layers of a feed-forward network.
    once Ffn;
    /// The experts of a layer.
    once Experts;
    /// The width between the layers of each.
    once ExpertFfn;
}

/// The arguments.
#[derive(Args)]
pub(crate) struct Speculation {
    /// A smaller model with the same tokens, named as --model is: it proposes what the model checks, and the answers are the model's.
    #[arg(long, value_name = "PATH", conflicts_with = "lookup")]
    draft: Option<PathBuf>,
    /// Proposes what came after the same tokens before: for answers that repeat much of their question.
    #[arg(long)]
    lookup: bool,
    /// The most tokens that are proposed at a time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_least_one)]
    draft_tokens: usize,
}

/// The tokens that prompt lookup compares: one alone is too often followed by something else.
const COMPARED: std::ops::RangeInclusive<usize> = 2..=4;

/// The model of a draft: its tokens are those of the other.
type Model<V, B> = Llama<V, Positions, Embed, Times<KeyHeads, Group>, KeyHeads, HeadDim, Ffn, B, Experts, ExpertFfn>;

/// What proposes tokens.
pub(crate) struct Proposing<V, B: Backend<Elem = f32>>(Kind<V, B>);

enum Kind<V, B: Backend<Elem = f32>> {
    Lookup,
    Draft(Model<V, B>),
}

impl Speculation {
    /// Loads what is asked for. The first process finds the files.
    pub(crate) fn open<V: Dense, B: Backend<Elem = f32>>(
        &self,
        target: &Pretrained,
        vocab: V,
        device: &DeviceOf<B>,
        world: &dyn Communicator,
    ) -> anyhow::Result<Option<Proposing<V, B>>> {
        let Some(path) = &self.draft else { return Ok(self.lookup.then_some(Proposing(Kind::Lookup))) };
        let open = || {
            let path = if world.rank() == 0 { named(path)? } else { PathBuf::new() };
            let path = said_to_all(world, path.into_os_string().into_encoded_bytes());
            load(target, vocab, Path::new(&String::from_utf8(path)?), device)
        };
        Ok(Some(Proposing(Kind::Draft(open().context("--draft")?))))
    }

    /// How many tokens are proposed at a time.
    pub(crate) fn most(&self) -> usize {
        self.draft_tokens
    }
}

impl<V: Dense, B: Backend<Elem = f32>> Proposing<V, B> {
    /// The proposer of a conversation.
    pub(crate) fn proposer(&self) -> anyhow::Result<Box<dyn Proposer<V> + '_>> {
        Ok(match &self.0 {
            Kind::Lookup => Box::new(PromptLookup::new(COMPARED)?),
            Kind::Draft(model) => Box::new(Draft::new(Texts::new(model, N::<1>))),
        })
    }
}

fn load<V: Dense, B: Backend<Elem = f32>>(
    target: &Pretrained,
    vocab: V,
    path: &Path,
    device: &DeviceOf<B>,
) -> anyhow::Result<Model<V, B>> {
    let pretrained = Pretrained::open(path)?;
    let (config, name) = (&pretrained.config, path.display());
    let (ours, theirs) = (vocab.size(), config.vocab);
    ensure!(ours == theirs, "{name} has {theirs} tokens, and the model {ours}: a draft has the same ones");
    for id in 0..ours as u32 {
        let [ours, theirs] = [target, &pretrained].map(|model| model.tokenizer.written(id));
        ensure!(
            ours == theirs,
            "token {id} of {name} is {}, and that of the model is {}: a draft has the same ones",
            written(theirs),
            written(ours)
        );
    }
    let key_heads = KeyHeads::set(config.key_heads)?;
    let dims = Dims {
        vocab,
        positions: Positions::set(config.positions)?,
        embed: Embed::set(config.embed)?,
        heads: Times(key_heads, Group::set(config.group)?),
        key_heads,
        head_dim: HeadDim::set(config.head_dim)?,
        ffn: Ffn::set(config.ffn)?,
        experts: Experts::set(config.experts)?,
        expert_ffn: ExpertFfn::set(config.expert_ffn)?,
    };
    pretrained.load(dims, device, || ()).with_context(|| name.to_string())
}

fn written(token: Option<String>) -> String {
    token.map_or_else(|| "none".to_owned(), |token| format!("{token:?}"))
}
