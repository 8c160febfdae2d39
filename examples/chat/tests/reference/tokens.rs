//! The tokenizer and the chat template against the values of `transformers`.

use crate::{file, ids, reference};
use chat::{Message, Template, Tokenizer};

#[test]
fn the_file_is_read() {
    let Some(file) = file() else { return };
    let config = &reference()["config"];
    for (key, name) in [
        ("llama.block_count", "num_hidden_layers"),
        ("llama.context_length", "max_position_embeddings"),
        ("llama.embedding_length", "hidden_size"),
        ("llama.feed_forward_length", "intermediate_size"),
        ("llama.attention.head_count", "num_attention_heads"),
        ("llama.attention.head_count_kv", "num_key_value_heads"),
        ("llama.vocab_size", "vocab_size"),
    ] {
        assert_eq!(file.integer::<u64>(key).unwrap(), config[name].as_u64().unwrap(), "{key}");
    }
    assert_eq!(file.float("llama.rope.freq_base").unwrap(), config["rope_theta"].as_f64().unwrap());
    use congruent::io::{Dtype, Source};
    let names = file.names();
    let count = |dtype: Dtype| names.iter().filter(|name| file.get(name).unwrap().dtype == dtype).count();
    assert_eq!((count(Dtype::Q4_1), count(Dtype::Q8_0), count(Dtype::F32), names.len()), (210, 1, 61, 272));
    assert_eq!(file.get("token_embd.weight").unwrap().sizes, [49152, 576]);
}

#[test]
fn tokens_agree() {
    let Some(file) = file() else { return };
    let tokenizer = Tokenizer::from_gguf(file).unwrap();
    let reference = reference();
    let plain = &reference["prompts"]["plain"];
    /// How a file of GGUF marks tokens that control the model.
    const CONTROL: i32 = 3;
    let kinds: Vec<i32> = file.integers("tokenizer.ggml.token_type").unwrap();
    let tokens = file.strings("tokenizer.ggml.tokens").unwrap();
    let control: Vec<&str> = tokens.into_iter().zip(kinds).filter(|(_, kind)| *kind == CONTROL).map(|x| x.0).collect();
    let cases = reference["tokenizer"].as_array().unwrap().iter().map(|case| (&case["text"], &case["ids"]));
    for (text, expected) in cases.chain([(&plain["text"], &plain["input_ids"])]) {
        let (text, expected) = (text.as_str().unwrap(), ids(expected));
        assert_eq!(tokenizer.encode(text).unwrap(), expected, "{text}");
        let shown = control.iter().fold(text.to_owned(), |text, token| text.replace(token, ""));
        assert_eq!(tokenizer.decode(&expected), shown);
    }
    assert_eq!(tokenizer.decode(&ids(&plain["greedy_ids"])), plain["greedy_text"].as_str().unwrap());
}

#[test]
fn every_byte_has_a_token() {
    let Some(file) = file() else { return };
    let tokenizer = Tokenizer::from_gguf(file).unwrap();
    for text in ["\u{0}\u{1}\u{7f}\u{80}\u{a0}\u{ad}\u{ff}", "\r\n\t ", "𝔘𝔫𝔦", "👩‍👩‍👧", "ａｂｃ  \u{3000}１２"]
    {
        let ids = tokenizer.encode(text).unwrap();
        assert_eq!(ids.iter().flat_map(|id| tokenizer.bytes(*id)).collect::<Vec<u8>>(), text.as_bytes());
    }
    assert!(tokenizer.encode("").unwrap().is_empty());
    assert_eq!((tokenizer.bytes(2), tokenizer.bytes(u32::MAX)), (vec![], vec![]));
}

#[test]
fn a_conversation_is_the_text_of_the_template() {
    let Some(file) = file() else { return };
    let template =
        Template::new(file.string("tokenizer.chat_template").unwrap(), "<|im_start|>", "<|im_end|>").unwrap();
    let message = |role, content: &str| Message { role, content: content.to_owned() };
    let asked = template.apply(&[message("user", "Hi {{there}}")]).unwrap();
    assert_eq!(
        asked,
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n\
         <|im_start|>user\nHi {{there}}<|im_end|>\n<|im_start|>assistant\n"
    );
    let conversation = [
        message("system", "Be brief."),
        message("user", "Hi"),
        message("assistant", "Hello."),
        message("user", "<b>&\"bye\"</b>"),
    ];
    assert_eq!(
        template.apply(&conversation).unwrap(),
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n\
         <|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\n<b>&\"bye\"</b><|im_end|>\n<|im_start|>assistant\n"
    );
}

#[test]
fn a_template_can_refuse_a_conversation() {
    let source =
        "{% if messages|length > 1 %}{{ raise_exception('only one') }}{% endif %}{{ bos_token }}|{{ eos_token }}";
    let template = Template::new(source, "<s>", "</s>").unwrap();
    let message = Message { role: "user", content: String::new() };
    assert_eq!(template.apply(std::slice::from_ref(&message)).unwrap(), "<s>|</s>");
    let error = template.apply(&[message.clone(), message]).unwrap_err();
    assert!(format!("{error:#}").contains("only one"), "{error:#}");
    assert!(Template::new("{% if %}", "", "").is_err());
    // Nor does one run for ever.
    let endless = "{% for i in range(9999) %}{% for j in range(9999) %}{% for k in range(9999) %}{% endfor %}{% endfor %}{% endfor %}";
    assert!(Template::new(endless, "", "").unwrap().apply(&[]).is_err());
}
