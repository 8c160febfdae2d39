//! From sound to what the encoder hears.

use congruent::prelude::*;
use std::f64::consts::TAU;

/// How many samples a second has.
pub const SAMPLE_RATE: usize = 16000;
/// How far each frame is behind the last, in samples.
const HOP: usize = 160;

dims! {
    /// The samples of a frame.
    Window = 400;
    /// The frequencies of a frame.
    Bins = 201;
}

/// The logarithms of how loud bands of frequencies are in each frame of 10 ms: what [`Whisper::encode`](super::Whisper::encode) takes, for
/// one recording. Samples are at 16 kHz, from -1 to 1; behind them is silence, and what is more than the frames is left out.
///
/// The bands are equally wide on the scale of [Slaney 1998](https://engineering.purdue.edu/~malcolm/interval/1998-010/), each weighed by
/// its width. What is 80 dB below the loudest is as loud as that, and all is brought to about -1 to 1, as in the
/// [original](https://github.com/openai/whisper/blob/main/whisper/audio.py).
///
/// ```
/// use congruent::prelude::*;
/// use congruent_models::whisper::log_mel;
/// dims! { Mels = 80; Frames = 3000; }
/// let silence: Tensor<(Mels, Frames)> = log_mel(&[0.0; 16000], Mels, Frames);
/// assert_eq!(silence.to_vec()[0], -1.5);
/// ```
pub fn log_mel<M: Dim, G: Dim>(samples: &[f32], mels: M, frames: G) -> Tensor<(M, G)> {
    let length = frames.size() * HOP;
    // Before the first sample and behind the last, the sound is mirrored.
    let sample = |at: isize| {
        let last = length as isize - 1;
        let inside = if at < 0 {
            -at
        } else if at > last {
            2 * last - at
        } else {
            at
        };
        usize::try_from(inside).ok().and_then(|at| samples.get(at)).map_or(0.0, |&sample| f64::from(sample))
    };
    let before = (Window.size() / 2) as isize;
    let hann = |at: usize| 0.5 - 0.5 * (TAU * at as f64 / Window.size() as f64).cos();
    let windows: TensorOf<(G, Window), f64> =
        Cpu::<f64>::from_fn((frames, Window), |[frame, at]| sample((frame * HOP + at) as isize - before) * hann(at));
    let wave = |of: fn(f64) -> f64| {
        Cpu::<f64>::from_fn((Window, Bins), |[at, bin]| {
            of(TAU * ((at * bin) % Window.size()) as f64 / Window.size() as f64)
        })
    };
    let [real, imaginary] =
        [f64::cos as fn(f64) -> f64, f64::sin].map(|of| einsum!("g w, w k -> g k", windows, wave(of)));
    let power = real.square() + imaginary.square();
    let bands = bands(mels.size());
    let bands = Cpu::<f64>::from_fn((mels, Bins), |[mel, bin]| bands[mel][bin]);
    let loudness: Vec<f64> =
        einsum!("m k, g k -> m g", bands, power).to_vec().into_iter().map(|power| power.max(1e-10).log10()).collect();
    let least = loudness.iter().copied().fold(f64::NEG_INFINITY, f64::max) - 8.0;
    let mut loudness = loudness.into_iter().map(|x| ((x.max(least) + 4.0) / 4.0) as f32);
    // As many as there are elements.
    Tensor::from_fn((mels, frames), |_| loudness.next().unwrap_or_default())
}

/// How much of each frequency is in each band.
fn bands(count: usize) -> Vec<Vec<f64>> {
    let nyquist = SAMPLE_RATE as f64 / 2.0;
    let edges: Vec<f64> = (0..count + 2).map(|i| hertz(mels(nyquist) * i as f64 / (count + 1) as f64)).collect();
    let band = |i: usize| {
        let [low, middle, high] = [edges[i], edges[i + 1], edges[i + 2]];
        let share = |bin: usize| {
            let frequency = nyquist * bin as f64 / (Bins.size() - 1) as f64;
            let side = ((frequency - low) / (middle - low)).min((high - frequency) / (high - middle));
            side.max(0.0) * 2.0 / (high - low)
        };
        (0..Bins.size()).map(share).collect()
    };
    (0..count).map(band).collect()
}

/// The scale of the bands: linear up to 1 kHz, 15 of its units, and logarithmic from there on, 27 units for a factor of 6.4.
fn mels(hertz: f64) -> f64 {
    if hertz < 1000.0 { hertz * 3.0 / 200.0 } else { 15.0 + (hertz / 1000.0).ln() * 27.0 / 6.4f64.ln() }
}

/// The other way round.
fn hertz(mels: f64) -> f64 {
    if mels < 15.0 { mels * 200.0 / 3.0 } else { 1000.0 * ((mels - 15.0) * 6.4f64.ln() / 27.0).exp() }
}
