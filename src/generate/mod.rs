//! Text from language models: sampling, generation, and text as it comes.
//!
//! A model implements [`Session`]; [`Generation`] asks it for token after token, for one sequence or many
//! at once, and a [`TextStream`] makes text of their bytes.

mod generation;
mod sampler;
mod session;
mod text;

pub use generation::{Event, Finish, Generated, Generation, Request, generate};
pub use sampler::{Sampler, Sampling};
pub use session::Session;
pub use text::TextStream;
