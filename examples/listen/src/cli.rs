//! The program.

use crate::{find_or_fetch, probabilities, read};
use anyhow::Context;
use clap::Parser;
use common::{Devices, Place, about, leave, parse, probability};
use congruent::backend::{Backend, DeviceOf};
use congruent::io::SafeTensors;
use congruent::prelude::*;
use congruent_models::silero::{Chunk, Listening, SAMPLE_RATE, Silero, segments};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

/// Prints when somebody speaks in a recording, by Silero VAD: begin and end of each segment, in seconds.
#[derive(Parser)]
struct Arguments {
    /// A WAV file with 16000 samples a second.
    recording: PathBuf,
    /// The file `silero_vad_16k.safetensors`; without it the model is fetched on first use.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Speech begins where it is at least so likely, from 0 to 1; it ends where it is less likely by 0.15.
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = probability)]
    threshold: f32,
    /// The shortest silence between two segments, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 100)]
    silence: u32,
    /// Speech that is not longer is left out, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 250)]
    speech: u32,
    /// Prints how likely somebody speaks in each 32 ms instead: the second at which they begin, and the probability.
    #[arg(long)]
    probabilities: bool,
    #[command(flatten)]
    place: Place,
}

/// Prints when somebody speaks in the recording of the arguments, of which the first is the name of the program.
///
/// # Errors
/// There is no such device; the model cannot be fetched or read; the recording cannot be read.
pub fn cli<B: Backend<Elem = f32>>(
    arguments: impl IntoIterator<Item = OsString>,
    devices: Devices<DeviceOf<B>>,
) -> anyhow::Result<()> {
    let arguments: Arguments = parse(arguments, &devices).unwrap_or_else(|error| leave(error));
    let path = &arguments.recording;
    let samples = read(path).map_err(about(path))?;
    let device = arguments.place.open(devices)?;
    let file = find_or_fetch(arguments.model.as_deref())?;
    let model = SafeTensors::open(&file).and_then(|weights| Silero::<B>::load(&weights, &device));
    let source = if arguments.model.is_some() { "--model" } else { "the model" };
    let model = model.map_err(|error| about(&file)(error.into())).context(source)?;
    let probabilities = probabilities(&model, &samples);
    let (mut out, second) = (io::stdout().lock(), SAMPLE_RATE as f64);
    if arguments.probabilities {
        for (chunk, probability) in probabilities.iter().enumerate() {
            writeln!(out, "{:.3} {probability:.3}", (chunk * Chunk.size()) as f64 / second)?;
        }
        return Ok(());
    }
    let of_milliseconds = |milliseconds| milliseconds as usize * (SAMPLE_RATE / 1000);
    let listening = Listening {
        threshold: arguments.threshold,
        end_threshold: (arguments.threshold - 0.15).max(0.01),
        least_speech: of_milliseconds(arguments.speech),
        least_silence: of_milliseconds(arguments.silence),
        ..Listening::default()
    };
    for speech in segments(&probabilities, samples.len(), &listening) {
        writeln!(out, "{:.2} {:.2}", speech.start as f64 / second, speech.end as f64 / second)?;
    }
    Ok(())
}
