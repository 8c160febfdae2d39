//! [SmolLM2-135M-Instruct](https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct), typed end to end:
//! a conversation in, the next answer out, token by token.

mod cli;
mod config;
mod conversation;
mod files;
pub mod gpt2;
pub mod llama;
mod model;
mod pretrained;
mod template;
mod tokenizer;

pub use cli::cli;
pub use config::{Config, configured};
pub use conversation::{Answer, Conversation, Options, Timed};
pub use files::find_or_fetch;
pub use model::{Decoder, Dims, LanguageModel, Texts};
pub use pretrained::Pretrained;
pub use template::{Message, Template};
pub use tokenizer::Tokenizer;
