//! The program.

use crate::{draw, find_or_fetch, load, read, seen};
use anyhow::Context;
use clap::Parser;
use common::{Devices, Place, about, check_output, leave, parse, probability};
use congruent::backend::{Backend, DeviceOf};
use congruent::no_grad;
use congruent_models::mtcnn::{Area, Face, Settings};
use image::ImageFormat;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Prints the faces in a picture, by MTCNN, a line each, the likeliest first: the box (left, top, right, bottom), the probability, and x
/// and y of the eyes, the nose and the corners of the mouth, in pixels.
#[derive(Parser)]
struct Arguments {
    /// A PNG or JPEG file.
    picture: PathBuf,
    /// The folder of `pnet.pt`, `rnet.pt` and `onet.pt`; without it the model is fetched on first use.
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,
    /// The side of the smallest face, in pixels: with a larger one the work is less.
    #[arg(long, value_name = "PIXELS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(8..))]
    smallest: u32,
    /// How likely it has to be a face at the last, from 0 to 1.
    #[arg(long, value_name = "P", default_value_t = 0.7, value_parser = probability)]
    threshold: f32,
    /// Draws the faces into the picture: a PNG or JPEG file, by its name.
    #[arg(long, value_name = "FILE")]
    draw: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// The format that the name of a picture says.
fn format_of(path: &Path) -> anyhow::Result<ImageFormat> {
    let format = ImageFormat::from_path(path).ok();
    let format = format.filter(|format| [ImageFormat::Png, ImageFormat::Jpeg].contains(format));
    format.with_context(|| format!("{}: the name of a picture must end in .png, .jpg or .jpeg", path.display()))
}

/// Prints the faces in the picture of the arguments, of which the first is the name of the program.
///
/// # Errors
/// There is no such device; the model cannot be fetched or read; the picture cannot be read, or the drawn one written.
pub fn cli<B: Backend<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    devices: Devices<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let arguments: Arguments = parse(arguments, &devices).unwrap_or_else(|error| leave(error));
    if let Some(path) = &arguments.draw {
        check_output("--draw", path)?;
        format_of(path).context("--draw")?;
    }
    let path = &arguments.picture;
    let mut picture = read(path).map_err(about(path))?;
    let device = arguments.place.open(devices)?;
    let folder = find_or_fetch(arguments.model.as_deref())?;
    let source = if arguments.model.is_some() { "--model" } else { "the model" };
    let model = load::<B>(&folder, &device).context(source)?;
    let settings = Settings {
        smallest: arguments.smallest as f32,
        thresholds: [0.6, 0.7, arguments.threshold],
        ..Settings::default()
    };
    let faces = no_grad(|| model.detect(&seen(&picture), &settings))?;
    let mut out = io::stdout().lock();
    for Face { area: Area { left, top, right, bottom }, probability, landmarks } in &faces {
        write!(out, "{left:.1} {top:.1} {right:.1} {bottom:.1} {probability:.3}")?;
        for [x, y] in landmarks {
            write!(out, " {x:.1} {y:.1}")?;
        }
        writeln!(out)?;
    }
    if let Some(path) = &arguments.draw {
        draw(&mut picture, &faces);
        picture
            .save_with_format(path, format_of(path)?)
            .map_err(|error| about(path)(error.into()))
            .context("--draw")?;
    }
    Ok(())
}
