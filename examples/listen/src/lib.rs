//! [Silero VAD](https://github.com/snakers4/silero-vad), typed end to end: a recording in, and when somebody speaks in it out.
//!
//! ```sh
//! cargo run --release -p listen -- recording.wav
//! cargo run --release --manifest-path engines/burn/Cargo.toml --features vulkan --example listen -- --device vulkan recording.wav
//! ```

mod cli;
mod files;
mod recording;

pub use cli::cli;
pub use files::find_or_fetch;
pub use recording::read;

use congruent::backend::Backend;
use congruent::no_grad;
use congruent::prelude::*;
use congruent_models::silero::{Chunk, Silero};

dims! {
    /// The chunks of a part of a recording.
    pub Chunks;
}

/// How many chunks go through the model together: 16 seconds.
const CHUNKS_AT_ONCE: usize = 512;

/// How likely somebody speaks in each chunk of a recording, whose samples are from -1 to 1: the last chunk is filled up with silence.
/// Parts go through the model one after another, so that a recording may be of any length.
pub fn probabilities<B: Backend<Elem = f32>>(model: &Silero<B>, samples: &[f32]) -> Vec<f32> {
    let (mut state, mut found) = (model.start(N::<1>), Vec::new());
    for part in samples.chunks(CHUNKS_AT_ONCE * Chunk.size()) {
        bind!(chunks: Chunks = part.len().div_ceil(Chunk.size()));
        let audio = Tensor::from_fn((N::<1>, chunks, Chunk), |[_, chunk, sample]| {
            part.get(chunk * Chunk.size() + sample).copied().unwrap_or(0.0)
        });
        let audio = audio.to_engine::<B>(&model.device());
        let (of_part, next) = no_grad(|| model.forward(&audio, &state));
        found.extend(of_part.to_vec());
        state = next;
    }
    found
}
