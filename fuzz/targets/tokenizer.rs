//! The tokenizer that a GGUF file describes, and the template of a conversation: the first line of the input, whose rest is a text.
#![no_main]

#[path = "../../examples/chat/src/template.rs"]
mod template;
#[path = "../../examples/chat/src/tokenizer.rs"]
#[allow(dead_code)]
mod tokenizer;

use congruent::io::Gguf;
use std::sync::LazyLock;
use template::{Message, Template};
use tokenizer::Tokenizer;

/// A tokenizer of all bytes and a few merges, with a control token.
static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
    let file = Gguf::from_bytes(include_bytes!("../seeds/tokenizer.gguf").to_vec()).expect("a file of the format");
    Tokenizer::from_gguf(&file).expect("a tokenizer")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = Gguf::from_bytes(bytes.to_vec()) {
        if let Ok(tokenizer) = Tokenizer::from_gguf(&file) {
            let _ = (tokenizer.begin(), tokenizer.encode("a few words, 12345"));
        }
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    let (source, text) = text.split_once('\n').unwrap_or((&text, ""));
    if let Ok(ids) = TOKENIZER.encode(text) {
        // Control tokens are no text.
        if !text.contains("<|") {
            assert_eq!(TOKENIZER.decode(&ids), text);
        }
    }
    if let Ok(template) = Template::new(source, "<|begin|>", "<|end|>") {
        let _ = template.apply(&[Message { role: "user", content: text.to_owned() }]);
    }
});
