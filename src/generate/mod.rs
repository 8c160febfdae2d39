//! Text from language models: sampling, generation, and text as it comes.
//!
//! A model implements [`Session`]; [`Generation`] asks it for token after token, for one sequence or many
//! at once, and a [`TextStream`] makes text of their bytes.

mod generation;
mod request;
mod sampler;
mod session;
mod text;

pub use generation::{Generation, generate};
pub use request::{Event, Finish, Generated, Request};
pub use sampler::{Sampler, Sampling};
pub use session::Session;
pub use text::TextStream;
