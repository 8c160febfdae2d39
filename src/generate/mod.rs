//! Text from language models: sampling, generation, and text as it comes.
//!
//! A model implements [`Session`]; [`Generation`] asks it for token after token, for one sequence or many
//! at once, and a [`TextStream`] makes text of their bytes. A [`Proposer`] that is asked first makes it faster:
//! [`Generation::speculating`].

mod draft;
mod generation;
mod lookup;
mod proposer;
mod request;
mod sampler;
mod session;
mod speculation;
mod text;
mod with_proposer;

pub use draft::Draft;

pub use generation::{Generation, generate};
pub use lookup::PromptLookup;
pub use proposer::{Proposer, Read};
pub use request::{Event, Finish, Generated, Request};
pub use sampler::{Sampler, Sampling};
pub use session::{Rewind, Session};
pub use text::TextStream;
