//! Published models by the layers of [`congruent`], a file a family: generic over dimensions, engines and element types, loaded
//! from the files that they are published as.
//!
//! | family | module |
//! |---|---|
//! | Llama, Mistral, Qwen 2 and 3, Gemma 2 and 3 | [`decoder`] |
//! | GPT-2 | [`gpt2`] |
//! | BERT, RoBERTa | [`bert`] |
//! | T5, and its version 1.1 | [`t5`] |

pub mod bert;
mod config;
pub mod decoder;
mod error;
mod files;
pub mod gpt2;
mod language;
pub mod t5;

pub use config::Architecture;
pub use error::Error;
pub(crate) use error::ensure;
pub use files::weights;
pub use language::{Decoder, Dims, LanguageModel, Texts};
