//! The program.

use crate::{Configured, Dims, MiniLm, PUBLISHED, config, find_or_fetch, plot, similarities};
use anyhow::{Context, ensure};
use clap::Parser;
use common::{Devices, Place, about, leave, parse};
use congruent::backend::{Backend, DeviceOf};
use congruent::dim::Dense;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Embeds texts with all-MiniLM-L6-v2, and prints how similar they are.
#[derive(Parser)]
struct Arguments {
    /// The texts.
    #[arg(default_values = ["A cat sat on the mat.", "The cat was sitting on a rug.", "Stock markets fell sharply."])]
    texts: Vec<String>,
    /// A folder in Hugging Face layout, or what its hub has as owner/name or owner/name@revision; without it the model is fetched on
    /// first use.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Takes every dimension from the folder's config.json, instead of from the types.
    #[arg(long)]
    configured: bool,
    /// Draws the similarities, and the attention of a head on the first text, as SVG or PNG by the name of the file.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// The layer of the attention drawn, from 0.
    #[arg(long, default_value_t = 0)]
    layer: usize,
    /// The head of the attention drawn, from 0.
    #[arg(long, default_value_t = 0)]
    head: usize,
    #[command(flatten)]
    place: Place,
}

/// Embeds the texts of the arguments, of which the first is the name of the program, and prints how similar they are.
///
/// # Errors
/// There is no such device; the model cannot be fetched or read; a text has more tokens than the model has positions; the
/// picture cannot be written.
pub fn cli<B: Backend<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    devices: Devices<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let arguments: Arguments = parse(arguments, &devices).unwrap_or_else(|error| leave(error));
    if let Some(path) = &arguments.plot {
        plots::check("--plot", path)?;
        ensure!(!arguments.texts.is_empty(), "there is no text to draw");
    }
    let folder = arguments.model.as_deref();
    let device = arguments.place.open(devices)?;
    if arguments.configured {
        let set = |folder: &Path| anyhow::Ok(Configured::set(&config(folder)?)?);
        run(&arguments, &load::<_, B>(folder, set, &device)?)
    } else {
        run(&arguments, &load::<_, B>(folder, |_| Ok(PUBLISHED), &device)?)
    }
}

/// The model that `--model` names, or the published one, by the dimensions that `dims` has for its folder.
pub(crate) fn load<D: Dims, B: Backend<Elem = f32>>(
    given: Option<&Path>,
    dims: impl FnOnce(&Path) -> anyhow::Result<D>,
    device: &DeviceOf<B>,
) -> anyhow::Result<MiniLm<D, B>> {
    let folder = find_or_fetch(given)?;
    let model = dims(&folder).and_then(|dims| MiniLm::load_on(&folder, dims, device)).map_err(about(&folder));
    model.context(if given.is_some() { "--model" } else { "the model" })
}

fn run<D: Dims<Heads: Dense>, B: Backend<Elem = f32>>(
    arguments: &Arguments,
    model: &MiniLm<D, B>,
) -> anyhow::Result<()> {
    let similarities = similarities(&model.embed(&arguments.texts)?);
    let mut out = io::stdout().lock();
    for (text, row) in arguments.texts.iter().zip(&similarities) {
        let row: Vec<String> = row.iter().map(|similarity| format!("{similarity:6.3}")).collect();
        writeln!(out, "{}  {text}", row.join(" "))?;
    }
    if let Some(path) = &arguments.plot {
        let (tokens, attention) = model.attention(&arguments.texts[0], arguments.layer, arguments.head)?;
        let attention: Vec<Vec<f32>> = attention.chunks(tokens.len()).map(<[f32]>::to_vec).collect();
        let head = format!("layer {}, head {}", arguments.layer, arguments.head);
        let drawn = plot(path, &arguments.texts, &similarities, &tokens, &attention, &head);
        drawn.map_err(about(path)).context("--plot")?;
        writeln!(out, "drawn: {}", path.display())?;
    }
    Ok(())
}
