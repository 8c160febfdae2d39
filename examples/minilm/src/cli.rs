//! The program.

use crate::{Configured, Dims, MiniLm, PUBLISHED, config, find_or_fetch, plot, similarities};
use anyhow::ensure;
use clap::Parser;
use congruent::backend::{Backend, DeviceOf};
use std::ffi::OsString;
use std::path::PathBuf;

/// Embeds texts with all-MiniLM-L6-v2, and prints how similar they are.
#[derive(Parser)]
struct Arguments {
    /// The texts.
    #[arg(default_values = ["A cat sat on the mat.", "The cat was sitting on a rug.", "Stock markets fell sharply."])]
    texts: Vec<String>,
    /// A folder in Hugging Face layout; without it the model is fetched on first use.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Takes every dimension from the folder's config.json, instead of from the types.
    #[arg(long)]
    configured: bool,
    /// Draws the similarities, and the attention of a head on the first text, as SVG.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// The layer of the attention drawn, from 0.
    #[arg(long, default_value_t = 0)]
    layer: usize,
    /// The head of the attention drawn, from 0.
    #[arg(long, default_value_t = 0)]
    head: usize,
    /// Where it calculates: `cpu`, or in a build with another engine one of the devices that it has. Without it, on the first
    /// that there is.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
}

/// Embeds the texts of the arguments, of which the first is the name of the program, and prints how similar they are. The
/// engine finds the device of the name that `--device` has, if it is there.
///
/// # Errors
/// There is no such device; the model cannot be fetched or read; a text has more tokens than the model has positions; the
/// picture cannot be written.
pub fn cli<B: Backend<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    find: impl FnOnce(Option<&str>) -> anyhow::Result<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let arguments = Arguments::parse_from(arguments);
    let device = find(arguments.device.as_deref())?;
    let folder = find_or_fetch(arguments.model.as_deref())?;
    if arguments.configured {
        let dims = Configured::set(&config(&folder)?)?;
        run(&arguments, &MiniLm::<_, B>::load_on(&folder, dims, &device)?)
    } else {
        run(&arguments, &MiniLm::<_, B>::load_on(&folder, PUBLISHED, &device)?)
    }
}

fn run<D: Dims, B: Backend<Elem = f32>>(arguments: &Arguments, model: &MiniLm<D, B>) -> anyhow::Result<()> {
    let similarities = similarities(&model.embed(&arguments.texts)?);
    for (text, row) in arguments.texts.iter().zip(&similarities) {
        let row: Vec<String> = row.iter().map(|similarity| format!("{similarity:6.3}")).collect();
        println!("{}  {text}", row.join(" "));
    }
    if let Some(path) = &arguments.plot {
        ensure!(!arguments.texts.is_empty(), "there is no text to draw");
        let (tokens, attention) = model.attention(&arguments.texts[0], arguments.layer, arguments.head)?;
        let attention: Vec<Vec<f32>> = attention.chunks(tokens.len()).map(<[f32]>::to_vec).collect();
        let head = format!("layer {}, head {}", arguments.layer, arguments.head);
        plot(path, &arguments.texts, &similarities, &tokens, &attention, &head)?;
        println!("drawn: {}", path.display());
    }
    Ok(())
}
