//! [SmolLM2-135M-Instruct](https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct), typed end to end:
//! a conversation in, the next answer out, token by token.

mod files;
pub mod gpt2;
pub mod llama;
mod model;
mod template;
mod tokenizer;

pub use files::find_or_fetch;
pub use model::{LanguageModel, Texts};
pub use template::{Message, Template};
pub use tokenizer::Tokenizer;
