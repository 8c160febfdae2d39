//! Texts: where they come from, and which part is for what.

use anyhow::{Context, ensure};
use common::PLAYS;
use congruent::prelude::*;
use speak::{Alphabet, UnknownCharacter};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The text of a file, or of all texts (`.md`, `.txt`) in a folder, in the order of their paths. Without a path it is that of
/// the plays of Shakespeare, which are fetched on first use.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn read(path: Option<&Path>) -> anyhow::Result<String> {
    let path = path.map_or_else(|| PLAYS.find_or_fetch(), |path| Ok(path.to_owned()))?;
    let mut files = Vec::new();
    find(&path, &mut files).with_context(|| path.display().to_string())?;
    files.sort();
    let read = |file: &PathBuf| std::fs::read_to_string(file).with_context(|| file.display().to_string());
    let text = files.iter().map(read).collect::<anyhow::Result<String>>()?;
    ensure!(!text.is_empty(), "{}: there is no text", path.display());
    Ok(text)
}

fn find(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "md" || extension == "txt") {
            find(&path, files)?;
        }
    }
    Ok(())
}

/// A text whose last tenth is held out.
pub struct Text<V> {
    ids: Vec<Index<V>>,
    held_out: usize,
}

impl<V: Dim> Text<V> {
    /// The characters of the test, if the tenth has so many.
    const TEST: usize = 200_000;
    /// The characters of the validation, if the tenth has so many.
    const VALIDATION: usize = 20_000;

    /// The text, by its characters.
    ///
    /// # Errors
    /// A character is not of the alphabet.
    pub fn new(alphabet: &Alphabet<V>, text: &str) -> Result<Self, UnknownCharacter> {
        let ids = alphabet.encode(text)?;
        Ok(Text { held_out: ids.len() - ids.len() / 10, ids })
    }

    /// That sequences of so many characters can be learnt from it, and something is held out.
    ///
    /// # Errors
    /// It is too short: the error says how long it has to be.
    pub fn check(&self, context: usize) -> anyhow::Result<()> {
        // What is learnt has a sequence and the character that follows it.
        let (length, least) = (self.ids.len(), (10 * context / 9 + 1).max(10));
        ensure!(
            length >= least,
            "the text has {length} characters, and must have {least} or more, since --context is {context} and the last tenth is \
             held out: a smaller --context takes less"
        );
        Ok(())
    }

    /// The whole text.
    pub fn ids(&self) -> &[Index<V>] {
        &self.ids
    }

    /// What is learnt.
    pub fn training(&self) -> &[Index<V>] {
        &self.ids[..self.held_out]
    }

    /// What is predicted while it learns: the end of what is held out.
    pub fn validation(&self) -> Range<usize> {
        let end = self.ids.len();
        end.saturating_sub(Self::VALIDATION).max(self.held_out)..end
    }

    /// What is predicted when it has learnt: the beginning of what is held out.
    pub fn test(&self) -> Range<usize> {
        self.held_out..self.ids.len().min(self.held_out + Self::TEST)
    }

    /// Characters that follow one another, and for each the one that follows it: `(batch, sequence)`, each sequence from
    /// anywhere in what is learnt.
    ///
    /// # Errors
    /// The text is too short.
    pub fn sample<B: Dim, S: Dim>(&self, batch: B, seq: S, rng: &mut Rng) -> anyhow::Result<[Ids<(B, S), V>; 2]> {
        let (ids, length) = (self.training(), seq.size());
        ensure!(ids.len() > length, "{} characters are too few to learn from {length} at once", ids.len());
        let starts: Vec<usize> =
            (0..batch.size()).map(|_| (rng.u64() % (ids.len() - length) as u64) as usize).collect();
        let from = |offset: usize| {
            let parts = starts.iter().flat_map(|start| &ids[start + offset..][..length]);
            Cpu::from_vec((batch, seq), parts.copied().collect())
        };
        Ok([from(0)?, from(1)?])
    }
}
