//! What a file says about the model, by key, as the types that are asked for.

use super::Gguf;
use super::reader::{Reader, Value};
use crate::io::LoadError;
use crate::io::problem::name_of;
use std::str::FromStr;

/// Each error names the key, what was expected, and what was found.
///
/// ```
/// use congruent::io::Gguf;
/// # fn text(text: &str) -> Vec<u8> {
/// #     [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
/// # }
/// # fn entry(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
/// #     [&text(key), &kind.to_le_bytes()[..], value].concat()
/// # }
/// # fn list(kind: u32, values: [&[u8]; 2]) -> Vec<u8> {
/// #     [&kind.to_le_bytes()[..], &2u64.to_le_bytes(), values[0], values[1]].concat()
/// # }
/// # let file = [
/// #     [&b"GGUF"[..], &3u32.to_le_bytes(), &0u64.to_le_bytes(), &7u64.to_le_bytes()].concat(),
/// #     entry("general.architecture", 8, &text("llama")),
/// #     entry("llama.block_count", 4, &30u32.to_le_bytes()),
/// #     entry("llama.rope.freq_base", 6, &1e4f32.to_le_bytes()),
/// #     entry("tokenizer.ggml.add_bos_token", 7, &[1]),
/// #     entry("tokenizer.ggml.tokens", 9, &list(8, [&text("<s>"), &text("a")])),
/// #     entry("tokenizer.ggml.token_type", 9, &list(5, [&3i32.to_le_bytes(), &1i32.to_le_bytes()])),
/// #     entry("tokenizer.ggml.scores", 9, &list(6, [&0f32.to_le_bytes(), &(-1f32).to_le_bytes()])),
/// # ]
/// # .concat();
/// let file = Gguf::from_bytes(file)?;
/// assert_eq!(file.keys().next(), Some("general.architecture"));
/// assert!(file.has("llama.block_count") && !file.has("llama.vocab_size"));
/// assert_eq!(file.string("general.architecture")?, "llama");
/// assert_eq!(file.integer::<usize>("llama.block_count")?, 30);
/// assert_eq!(file.float("llama.rope.freq_base")?, 10000.0);
/// assert!(file.boolean("tokenizer.ggml.add_bos_token")?);
/// assert_eq!(file.strings("tokenizer.ggml.tokens")?, ["<s>", "a"]);
/// assert_eq!(file.integers::<i32>("tokenizer.ggml.token_type")?, [3, 1]);
/// assert_eq!(file.floats("tokenizer.ggml.scores")?, [0.0, -1.0]);
/// # Ok::<(), congruent::io::LoadError>(())
/// ```
impl Gguf {
    /// The keys of the metadata.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.metadata.keys().map(String::as_str)
    }

    /// Whether the metadata have this key.
    pub fn has(&self, key: &str) -> bool {
        self.metadata.contains_key(key)
    }

    /// A number without fraction, of any width.
    ///
    /// # Errors
    /// There is none, it is of another kind, or it does not fit `T`.
    pub fn integer<T: TryFrom<i128>>(&self, key: &str) -> Result<T, LoadError> {
        self.one(key, &integer_name::<T>(), integer)
    }

    /// A number with fraction, of any width.
    ///
    /// # Errors
    /// There is none, or it is of another kind.
    pub fn float(&self, key: &str) -> Result<f64, LoadError> {
        self.one(key, "a float", float)
    }

    /// True or false.
    ///
    /// # Errors
    /// There is none, or it is of another kind.
    pub fn boolean(&self, key: &str) -> Result<bool, LoadError> {
        self.one(key, "a boolean", |value| match value {
            Value::Boolean(boolean) => Some(*boolean),
            _ => None,
        })
    }

    /// A text.
    ///
    /// # Errors
    /// There is none, it is of another kind, or it is not UTF-8.
    pub fn string(&self, key: &str) -> Result<&str, LoadError> {
        self.one(key, "a text", text)
    }

    /// What a text says, as [`Writer::metadata`](crate::io::Writer::metadata) writes it: also a number is a text there.
    ///
    /// ```
    /// use congruent::io::{Gguf, Writer};
    /// let mut writer = Writer::default();
    /// writer.metadata("step", 1000);
    /// let file = Gguf::from_bytes(writer.to_gguf()?)?;
    /// assert_eq!(file.metadata::<u64>("step")?, 1000);
    /// assert_eq!(file.string("step")?, "1000");
    /// # Ok::<(), congruent::io::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// There is none, it is of another kind, or it is not a `T`.
    pub fn metadata<T: FromStr>(&self, key: &str) -> Result<T, LoadError> {
        self.one(key, &format!("a text for {}", name_of::<T>()), |value| text(value)?.parse().ok())
    }

    /// An array of numbers without fraction, of any width.
    ///
    /// # Errors
    /// There is none, it is of another kind, or one of them does not fit `T`.
    pub fn integers<T: TryFrom<i128>>(&self, key: &str) -> Result<Vec<T>, LoadError> {
        self.many(key, &integer_name::<T>(), integer)
    }

    /// An array of numbers with fraction, of any width.
    ///
    /// # Errors
    /// There is none, or it is of another kind.
    pub fn floats(&self, key: &str) -> Result<Vec<f64>, LoadError> {
        self.many(key, "a float", float)
    }

    /// An array of texts.
    ///
    /// # Errors
    /// There is none, it is of another kind, or one of them is not UTF-8.
    pub fn strings(&self, key: &str) -> Result<Vec<&str>, LoadError> {
        self.many(key, "a text", text)
    }

    fn value(&self, key: &str, expected: &str) -> Result<Value<'_>, LoadError> {
        let place = self.metadata.get(key).ok_or_else(|| self.mismatch(key, expected, "nothing"))?;
        Reader::at(self.bytes(), place.start).value(place.kind)
    }

    fn one<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        convert: impl Fn(&Value<'a>) -> Option<T>,
    ) -> Result<T, LoadError> {
        let value = self.value(key, expected)?;
        convert(&value).ok_or_else(|| self.mismatch(key, expected, describe(&value)))
    }

    fn many<'a, T>(
        &'a self,
        key: &str,
        each: &str,
        convert: impl Fn(&Value<'a>) -> Option<T>,
    ) -> Result<Vec<T>, LoadError> {
        let expected = format!("an array, each {each}");
        let array = match self.value(key, &expected)? {
            Value::Array(array) => array,
            other => return Err(self.mismatch(key, &expected, describe(&other))),
        };
        let converted = array.values().enumerate().map(|(position, value)| {
            let value = value?;
            let found = || format!("{} at position {position}", describe(&value));
            convert(&value).ok_or_else(|| self.mismatch(key, &expected, found()))
        });
        converted.collect()
    }

    fn mismatch(&self, key: &str, expected: &str, found: impl Into<String>) -> LoadError {
        let error = LoadError::Metadata { key: key.to_owned(), expected: expected.to_owned(), found: found.into() };
        error.in_file_of(self)
    }
}

fn integer_name<T>() -> String {
    format!("an integer that fits {}", name_of::<T>())
}

fn integer<T: TryFrom<i128>>(value: &Value<'_>) -> Option<T> {
    match value {
        Value::Integer(integer) => T::try_from(*integer).ok(),
        _ => None,
    }
}

fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

fn text<'a>(value: &Value<'a>) -> Option<&'a str> {
    match value {
        Value::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn describe(value: &Value<'_>) -> String {
    match value {
        Value::Integer(integer) => format!("the integer {integer}"),
        Value::Float(float) => format!("the float {float}"),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().count() > 40 => {
                format!("the text {:?}…", text.chars().take(40).collect::<String>())
            }
            Ok(text) => format!("the text {text:?}"),
            Err(_) => format!("a text of {} bytes that are not UTF-8", bytes.len()),
        },
        Value::Array(array) => format!("an array of {} values of kind {:?}", array.count, array.kind),
    }
}
