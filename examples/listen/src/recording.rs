//! Recordings out of files.

use anyhow::{bail, ensure};
use congruent_models::silero::SAMPLE_RATE;
use hound::{SampleFormat, WavReader, WavSpec};
use std::path::Path;

/// The samples of a WAV file at 16 kHz, from -1 to 1: of several channels, their mean.
///
/// # Errors
/// It cannot be read, is no WAV file, is cut off, or is of another rate.
pub fn read(path: &Path) -> anyhow::Result<Vec<f32>> {
    let mut file = WavReader::open(path)?;
    let WavSpec { channels, sample_rate, bits_per_sample, sample_format } = file.spec();
    ensure!(
        sample_rate as usize == SAMPLE_RATE,
        "it has {sample_rate} samples a second, and the model hears {SAMPLE_RATE}: `sox FILE -r {SAMPLE_RATE} OTHER.wav` converts it"
    );
    ensure!(channels > 0, "it has no channels");
    let samples: Vec<f32> = match sample_format {
        SampleFormat::Float => file.samples().collect::<Result<_, _>>()?,
        SampleFormat::Int => {
            let one = f64::from(bits_per_sample.saturating_sub(1)).exp2();
            let samples = file.samples::<i32>();
            samples.map(|sample| Ok((f64::from(sample?) / one) as f32)).collect::<Result<_, hound::Error>>()?
        }
    };
    if let Some(at) = samples.iter().position(|sample| !sample.is_finite()) {
        bail!("sample {at} is {}, and no number", samples[at]);
    }
    let channels = usize::from(channels);
    Ok(samples.chunks(channels).map(|at_once| at_once.iter().sum::<f32>() / channels as f32).collect())
}
