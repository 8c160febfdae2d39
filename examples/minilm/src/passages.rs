//! Verse and prose of Shakespeare, from the plays that a package carries.

use anyhow::{Context, ensure};
use common::PLAYS;
use congruent::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

congruent::dims! {
    /// Prose and verse.
    pub Forms = 2;
}

/// The plays of which nothing is learnt: a comedy, a history and a tragedy.
pub const TEST: [&str; 3] = ["twelfth-night", "henry-v", "hamlet"];
/// The plays by which settings are chosen.
pub const VALIDATION: [&str; 3] = ["much-ado-about-nothing", "henry-iv-part-1", "othello"];

/// How many words a passage has.
pub const WORDS: usize = 24;

/// Some words that somebody says, without their lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The words, with one space between each two.
    pub text: String,
    /// The play that they are of.
    pub play: String,
    /// 0 of prose, 1 of verse.
    pub form: u32,
}

/// Passages to learn from, to choose settings by, and to test with, of different plays.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Passages {
    pub training: Vec<Passage>,
    pub validation: Vec<Passage>,
    pub test: Vec<Passage>,
}

impl Passages {
    /// Of each play as many of verse as of prose, chosen by a seed; to learn from, at most `most` of each. Without a folder,
    /// the plays are fetched on first use.
    ///
    /// # Errors
    /// The plays cannot be read, or one that is held out is missing.
    pub fn read(folder: Option<&Path>, most: usize, seed: u64) -> anyhow::Result<Self> {
        let folder = folder.map_or_else(|| PLAYS.find_or_fetch(), |folder| Ok(folder.to_owned()))?;
        let mut plays = BTreeMap::new();
        for genre in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let genre = genre?.path();
            if !genre.is_dir() {
                continue;
            }
            for play in std::fs::read_dir(genre)? {
                let path = play?.path();
                if let (Some(name), true) = (path.file_stem(), path.extension().is_some_and(|end| end == "md")) {
                    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                    plays.insert(name.to_string_lossy().into_owned(), text);
                }
            }
        }
        let mut passages = Passages { training: Vec::new(), validation: Vec::new(), test: Vec::new() };
        for (play, text) in &plays {
            let (part, most) = match play.as_str() {
                play if TEST.contains(&play) => (&mut passages.test, usize::MAX),
                play if VALIDATION.contains(&play) => (&mut passages.validation, usize::MAX),
                _ => (&mut passages.training, most),
            };
            part.extend(balanced(of_play(play, text), most, &mut Rng::with_seed(seed)));
        }
        for play in TEST.iter().chain(&VALIDATION) {
            ensure!(plays.contains_key(*play), "{}: there is no play `{play}`", folder.display());
        }
        ensure!(!passages.training.is_empty(), "{}: there is nothing to learn from", folder.display());
        Ok(passages)
    }
}

/// All passages of a play, given as Markdown: each speech of four lines or more gives as many as it has words for.
///
/// The lines of verse all begin with a capital letter, and those of prose, which are broken where the page ends, seldom do.
/// What is neither is left out. The passages have no lines, and the tokens of the model no capitals.
pub fn of_play(play: &str, markdown: &str) -> Vec<Passage> {
    let mut passages = Vec::new();
    for speech in markdown.split("\n**").skip(1) {
        let lines = speech.lines().skip(1).take_while(|line| !line.trim().is_empty());
        // Directions stand between underscores.
        let said: String = lines.collect::<Vec<_>>().join("\n").split('_').step_by(2).collect();
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let Some((_, others)) = lines.split_first().filter(|(_, others)| others.len() >= 3) else { continue };
        let begins_large = |line: &&&str| line.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
        let form = match others.iter().filter(begins_large).count() {
            large if large == others.len() => 1,
            large if large * 5 <= others.len() * 2 => 0,
            _ => continue,
        };
        let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
        let passage = |words: &[&str]| Passage { text: words.join(" "), play: play.to_owned(), form };
        passages.extend(words.chunks_exact(WORDS).map(passage));
    }
    passages
}

/// As many of verse as of prose, at most `most` of each.
fn balanced(mut passages: Vec<Passage>, most: usize, rng: &mut Rng) -> Vec<Passage> {
    shuffle(&mut passages, rng);
    let (mut verse, mut prose): (Vec<_>, Vec<_>) = passages.into_iter().partition(|passage| passage.form == 1);
    let count = verse.len().min(prose.len()).min(most);
    verse.truncate(count);
    prose.truncate(count);
    verse.into_iter().chain(prose).collect()
}

/// Puts the elements in an order that the random numbers decide (Fisher and Yates).
pub(crate) fn shuffle<T>(elements: &mut [T], rng: &mut Rng) {
    for last in (1..elements.len()).rev() {
        elements.swap(last, (rng.u64() % (last as u64 + 1)) as usize);
    }
}
