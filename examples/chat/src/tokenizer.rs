//! Text to tokens, and tokens to bytes.

use anyhow::{Context, anyhow, bail, ensure};
use congruent::io::Gguf;
use std::collections::HashMap;
use std::path::Path;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{AddedToken, DecoderWrapper, PreTokenizerWrapper, Tokenizer as Inner};

/// What GGUF calls a token that is no text, and one that is matched before any other.
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;

/// A tokenizer of byte-level BPE: every text has tokens, and a token may end inside a character.
pub struct Tokenizer {
    inner: Inner,
    /// Tokens that were added to those of the merges: they are written as they are.
    added: HashMap<u32, AddedToken>,
    /// The byte of each character of the others.
    alphabet: HashMap<char, u8>,
}

impl Tokenizer {
    /// The tokenizer that the metadata of a file describe.
    pub fn from_gguf(file: &Gguf) -> anyhow::Result<Self> {
        let model = file.string("tokenizer.ggml.model")?;
        ensure!(model == "gpt2", "the file has a tokenizer of the kind `{model}`, and this program knows `gpt2`");
        let tokens = file.strings("tokenizer.ggml.tokens")?;
        let vocab: Vocab = tokens.iter().zip(0..).map(|(token, id)| ((*token).to_owned(), id)).collect();
        let merges = file.strings("tokenizer.ggml.merges")?.into_iter().map(|merge| {
            let (left, right) =
                merge.split_once(' ').with_context(|| format!("`{merge}` is no merge of two tokens"))?;
            Ok((left.to_owned(), right.to_owned()))
        });
        let merges = merges.collect::<anyhow::Result<Vec<_>>>()?;
        let bpe = BPE::builder().vocab_and_merges(vocab, merges);
        let mut inner = Inner::new(bpe.build().map_err(|error| anyhow!("{error}"))?);
        inner.with_pre_tokenizer(Some(pre_tokenizer(file.string("tokenizer.ggml.pre")?)?));

        let kinds: Vec<i32> = file.integers("tokenizer.ggml.token_type")?;
        let of_kind = |kind: i32| {
            let tokens = tokens.iter().zip(&kinds).filter(move |(_, other)| **other == kind);
            tokens.map(move |(token, _)| AddedToken::from((*token).to_owned(), kind == CONTROL).normalized(false))
        };
        inner.add_special_tokens(of_kind(CONTROL).collect::<Vec<_>>()).map_err(|error| anyhow!("{error}"))?;
        inner.add_tokens(of_kind(USER_DEFINED).collect::<Vec<_>>()).map_err(|error| anyhow!("{error}"))?;
        Ok(Tokenizer::new(inner))
    }

    /// The tokenizer of a `tokenizer.json`.
    ///
    /// # Errors
    /// It cannot be read, or its tokens are not made of bytes.
    pub fn from_file(path: &Path) -> anyhow::Result<Self> {
        let mut inner = Inner::from_file(path).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let of_bytes = matches!(inner.get_decoder(), Some(DecoderWrapper::ByteLevel(_)));
        ensure!(
            of_bytes,
            "{}: this program knows tokenizers of byte-level BPE, and this is another one",
            path.display()
        );
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|error| anyhow!("{error}"))?;
        Ok(Tokenizer::new(inner))
    }

    fn new(inner: Inner) -> Self {
        let added = inner.get_added_tokens_decoder().into_iter().collect();
        Tokenizer { added, alphabet: byte_alphabet(), inner }
    }

    /// The tokens of a text. Names of control tokens in it become these tokens.
    pub fn encode(&self, text: &str) -> anyhow::Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(text, false).map_err(|error| anyhow!("{error}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The tokens that begin a text which no template does.
    pub fn begin(&self) -> anyhow::Result<Vec<u32>> {
        let encoding = self.inner.encode_fast("", true).map_err(|error| anyhow!("{error}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The token that is written so.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// How a token is written; a control token by its name.
    pub fn written(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The bytes that a token stands for: none for a control token.
    pub fn bytes(&self, id: u32) -> Vec<u8> {
        // Of those that a text has, and not of all when the program begins.
        match (self.added.get(&id), self.inner.id_to_token(id)) {
            (Some(token), _) if token.special => Vec::new(),
            (Some(token), _) => token.content.clone().into_bytes(),
            (None, token) => token.unwrap_or_default().chars().filter_map(|c| self.alphabet.get(&c).copied()).collect(),
        }
    }

    /// The text of tokens, without control tokens.
    pub fn decode(&self, ids: &[u32]) -> String {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| self.bytes(*id)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// How a text is cut before its parts are merged of bytes.
fn pre_tokenizer(name: &str) -> anyhow::Result<PreTokenizerWrapper> {
    let words = ByteLevel::new(false, true, true);
    match name {
        "gpt-2" => Ok(words.into()),
        "smollm" => Ok(Sequence::new(vec![Digits::new(true).into(), words.into()]).into()),
        other => bail!("the file's text is cut by the rule `{other}`, and this program knows `smollm` and `gpt-2`"),
    }
}

/// The byte of each character that stands for one: bytes that are printable stand for themselves, the others are counted on
/// from 256 ([Radford et al. 2019](https://github.com/openai/gpt-2/blob/master/src/encoder.py)).
fn byte_alphabet() -> HashMap<char, u8> {
    let mut others = 256..;
    let character = |byte: u8| match byte {
        b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => Some(char::from(byte)),
        _ => others.next().and_then(char::from_u32),
    };
    let characters: Vec<Option<char>> = (0..=255).map(character).collect();
    characters.into_iter().zip(0..=255).filter_map(|(character, byte)| Some((character?, byte))).collect()
}
