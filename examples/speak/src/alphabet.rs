//! Characters as ids.

use congruent::prelude::*;
use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

/// The characters of a text, each once, in their order.
pub fn characters(text: &str) -> String {
    text.chars().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The characters that ids of `V` stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Alphabet<V> {
    vocab: V,
    /// In their order.
    characters: Vec<char>,
}

impl<V: Dim> Alphabet<V> {
    /// The alphabet of the characters of a text, of which there are as many as the dimension says.
    ///
    /// # Errors
    /// There are more, or fewer.
    pub fn new(vocab: V, text: &str) -> Result<Self, Error> {
        let characters: Vec<char> = characters(text).chars().collect();
        let (expected, found) = (vocab.size(), characters.len());
        if expected != found {
            return Err(Error::ElementCount { shape: "the alphabet".to_owned(), expected, found });
        }
        Ok(Alphabet { vocab, characters })
    }

    /// The dimension of the ids.
    pub fn vocab(&self) -> V {
        self.vocab
    }

    /// The ids of the characters of a text.
    ///
    /// # Errors
    /// A character is not of the alphabet.
    pub fn encode(&self, text: &str) -> Result<Vec<Index<V>>, UnknownCharacter> {
        let id = |(at, character)| {
            let id = self.characters.binary_search(&character).ok();
            let id = id.and_then(|id| Index::new(self.vocab, id as u32).ok());
            id.ok_or_else(|| UnknownCharacter { character, line: 1 + text[..at].matches('\n').count() })
        };
        text.char_indices().map(id).collect()
    }

    /// The character of an id.
    pub fn character(&self, id: Index<V>) -> char {
        self.characters[id.get() as usize]
    }

    /// The text of ids.
    pub fn decode(&self, ids: &[Index<V>]) -> String {
        ids.iter().map(|id| self.character(*id)).collect()
    }
}

/// All of its characters.
impl<V> Display for Alphabet<V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.characters.iter().collect::<String>())
    }
}

/// A text has a character that is not of the alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCharacter {
    /// The first of them.
    pub character: char,
    /// The line that it stands in, from 1.
    pub line: usize,
}

impl Display for UnknownCharacter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in line {} is not of the alphabet that the model knows", self.character, self.line)
    }
}

impl std::error::Error for UnknownCharacter {}
