//! A text that grows letter by letter, with the attention of every head: what the page of `examples/web` calls.

mod attention;
mod exports;
mod writer;

pub use attention::{Attention, forward};
pub use writer::{Settings, Writer};

congruent::dims! {
    /// The characters of the plays, as in the program of `speak`.
    pub Vocab = 84;
    /// The one text.
    pub One = 1;
    /// The letters that are read together: each asks, and the letters up to it answer.
    pub Query;
}
