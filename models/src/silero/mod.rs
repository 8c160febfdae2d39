//! [Silero VAD](https://github.com/snakers4/silero-vad), version 6, at 16 kHz: how likely it is that somebody speaks, for each 32 ms of a
//! recording.
//!
//! A chunk goes in together with the end of the one before. Its spectrum goes through four convolutions, and what they give of one chunk
//! after another through a recurrent layer, whose state is that of the recording so far.
//!
//! ```no_run
//! use congruent::io::SafeTensors;
//! use congruent::prelude::*;
//! use congruent_models::silero::{Chunk, Listening, SAMPLE_RATE, Silero, segments};
//! let model: Silero = Silero::load(&SafeTensors::open("silero_vad_16k.safetensors")?, &Default::default())?;
//! dims! { Chunks; }
//! // Three seconds of silence.
//! let samples = vec![0.0; 3 * SAMPLE_RATE];
//! bind!(chunks: Chunks = samples.len().div_ceil(Chunk.size()));
//! let at = |[_, chunk, sample]: [usize; 3]| samples.get(chunk * Chunk.size() + sample).copied().unwrap_or(0.0);
//! let audio = Tensor::from_fn((N::<1>, chunks, Chunk), at);
//! let (probabilities, _) = model.forward(&audio, &model.start(N::<1>));
//! for speech in segments(&probabilities.to_vec(), samples.len(), &Listening::default()) {
//!     println!("{} s", speech.start as f64 / SAMPLE_RATE as f64);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cell;
mod segments;

pub use cell::Cell;
pub use segments::{Listening, segments};

use congruent::Sliding;
use congruent::backend::{Backend, DeviceOf, Float};
use congruent::io::{LoadError, Source, Stored, Weights, load_on};
use congruent::nn::{Conv1d, LstmState};
use congruent::prelude::*;

/// How many samples a second has.
pub const SAMPLE_RATE: usize = 16000;

dims! {
    /// The samples of a chunk.
    pub Chunk = 512;
    /// The samples before it that the model hears again.
    pub Context = 64;
    /// The samples of a chunk before those that the next one begins with.
    pub Before = 448;
    /// The samples of a window, of which a spectrum is taken.
    pub Window = 256;
    /// The frequencies of a spectrum.
    pub Bins = 129;
    /// The width of the first and of the last convolution, and of the state.
    pub Hidden = 128;
    /// The width of the others.
    pub Narrow = 64;
    /// The windows of a chunk.
    Windows = 4;
    /// Those that a stride of two leaves.
    Halved = 2;
    /// The samples before those that are mirrored behind a chunk.
    Unmirrored = 447;
}

type Convolution<In, Out, Stride, B> = Conv1d<In, Out, N<3>, Sliding<Stride, N<1>>, B>;

/// The model. As a [`Module`] its parameters have the names that they are published under.
#[derive(Clone, Module)]
pub struct Silero<B: Backend = Cpu<f32>> {
    /// The short-time Fourier transform: the real parts, and behind them the imaginary ones.
    #[module(name = "stft_conv")]
    spectrum: Conv1d<N<1>, Plus<Bins, Bins>, Window, Sliding<N<128>>, B>,
    conv1: Convolution<Bins, Hidden, N<1>, B>,
    conv2: Convolution<Hidden, Narrow, N<2>, B>,
    conv3: Convolution<Narrow, Narrow, N<2>, B>,
    conv4: Convolution<Narrow, Hidden, N<1>, B>,
    #[module(name = "lstm_cell")]
    cell: Cell<Hidden, Hidden, B>,
    #[module(name = "final_conv")]
    last: Conv1d<Hidden, N<1>, N<1>, Sliding, B>,
}

/// What the model knows of the recordings of a batch so far.
#[derive(Clone)]
pub struct State<Batch, B: Backend = Cpu<f32>> {
    /// The last samples.
    pub context: Tensor<(Batch, Context), B>,
    /// The state of the recurrent layer.
    pub recurrent: LstmState<Batch, Hidden, B>,
}

impl<B: Backend<Elem: Float + Stored>> Silero<B> {
    /// Takes the weights of `silero_vad_16k.safetensors` to a device.
    ///
    /// # Errors
    /// Every tensor that is missing, surplus or of another shape.
    pub fn load(source: &dyn Source, device: &DeviceOf<B>) -> Result<Self, LoadError> {
        load_on(source, device, |weights: Weights<'_, B::Elem, B>| {
            let weights = weights.casting();
            fn convolution<In: Dim, Out: Dim, Stride, B: Backend<Elem: Float + Stored>>(
                weights: Weights<'_, B::Elem, B>,
                (input, output): (In, Out),
                stride: Stride,
            ) -> Convolution<In, Out, Stride, B> {
                let sliding = Sliding::default().stride(stride).padding(N);
                Conv1d::load(&weights, (output, input, N), output, sliding)
            }
            Silero {
                spectrum: Conv1d::load_without_bias(
                    &weights.at("stft_conv"),
                    (Plus(Bins, Bins), N, Window),
                    Sliding::default().stride(N),
                ),
                conv1: convolution(weights.at("conv1"), (Bins, Hidden), N),
                conv2: convolution(weights.at("conv2"), (Hidden, Narrow), N),
                conv3: convolution(weights.at("conv3"), (Narrow, Narrow), N),
                conv4: convolution(weights.at("conv4"), (Narrow, Hidden), N),
                cell: Cell::load(&weights.at("lstm_cell"), Hidden, Hidden),
                last: Conv1d::load(&weights.at("final_conv"), (N, Hidden, N), N, Sliding::default()),
            }
        })
    }
}

impl<B: Backend<Elem: Float>> Silero<B> {
    /// Where it calculates.
    pub fn device(&self) -> DeviceOf<B> {
        self.spectrum.weight.device()
    }

    /// The state that recordings begin with: silence.
    pub fn start<Batch: Dim>(&self, batch: Batch) -> State<Batch, B> {
        let recurrent = self.cell.0.start(batch);
        // Zeros too, which are as many as it takes.
        let context = recurrent.hidden.prefix(Hidden, Context);
        State { context, recurrent }
    }

    /// How likely somebody speaks in each chunk of the recordings of a batch, from 0 to 1, and the state for what follows. Samples
    /// are from -1 to 1.
    pub fn forward<Batch: Dense, Chunks: Dense>(
        &self,
        audio: &Tensor<(Batch, Chunks, Chunk), B>,
        state: &State<Batch, B>,
    ) -> (Tensor<(Batch, Chunks), B>, State<Batch, B>) {
        let (batch, chunks, _) = audio.shape();
        // Each chunk is behind the end of the one before.
        let (_, ends) = audio.relabel(At::<2>, Plus(Before, Context)).unconcat(At::<2>);
        let (context, before) = ends.scan(At::<1>, state.context.clone(), |before, end| (end, before));
        let features = self.features(&before, audio).split(Times(batch, chunks));
        let (states, recurrent) = self.cell.0.forward(&features, &state.recurrent);
        let logits = einsum!("n c h, o h k -> n c", states.relu(), self.last.weight);
        let logits = match &self.last.bias {
            Some(bias) => logits + bias.sum(At::<0>),
            None => logits,
        };
        (logits.sigmoid(), State { context, recurrent })
    }

    /// What the convolutions make of each chunk, and of the samples before it.
    fn features<Batch: Dense, Chunks: Dense>(
        &self,
        before: &Tensor<(Batch, Chunks, Context), B>,
        audio: &Tensor<(Batch, Chunks, Chunk), B>,
    ) -> Tensor<(Times<Batch, Chunks>, Hidden), B> {
        // Behind a chunk, its end is mirrored, without the last sample.
        let (end, _) = audio.relabel(At::<2>, Plus(Plus(Unmirrored, Context), N::<1>)).unconcat(At::<2>);
        let (_, end) = end.unconcat(At::<2>);
        let samples = before.concat(At::<2>, audio).concat(At::<2>, &end.flip(At::<2>));
        let samples = samples.merge(At::<0>, At::<1>);
        let samples = samples.relabel(At::<1>, Times(N::<1>, samples.shape().1)).split(At::<1>);
        let (real, imaginary) = self.spectrum.forward(&samples, Windows).unconcat(At::<1>);
        let x = (real.square() + imaginary.square()).sqrt();
        let x = self.conv1.forward(&x, Windows).relu();
        let x = self.conv2.forward(&x, Halved).relu();
        let x = self.conv3.forward(&x, N::<1>).relu();
        let x = self.conv4.forward(&x, N::<1>).relu();
        x.sum(At::<2>)
    }
}
