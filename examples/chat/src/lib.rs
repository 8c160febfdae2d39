//! [SmolLM2-135M-Instruct](https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct), typed end to end:
//! a conversation in, the next answer out, token by token.

mod cli;
mod conversation;
mod draft;
mod files;
mod pretrained;
mod template;
mod tokenizer;

pub use cli::{cli, cli_on_ranks};
pub use congruent_models::decoder::{self as llama, Config, configured};
pub use congruent_models::{Decoder, Dims, LanguageModel, Texts};
pub use conversation::{Answer, Conversation, Options, Timed};
pub use files::find_or_fetch;
pub use pretrained::Pretrained;
pub use template::{Message, Template};
pub use tokenizer::Tokenizer;
