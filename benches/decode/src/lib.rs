//! What the programs share: they read prompts, write the tokens that follow, and say how long it took.
//!
//! A line of standard input is how many tokens to generate, a tab, and the ids of a prompt. A line of standard output is the
//! nanoseconds until the first token was known, those until the last was, and the ids of all, with tabs between. `python/protocol.py`
//! is the same in Python.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

/// A model that goes on with what it has read.
pub trait Decoder {
    /// Forgets what it has read.
    fn restart(&mut self) -> Result<(), Box<dyn Error>>;

    /// Reads on, and gives the most likely token after the last one.
    fn next(&mut self, ids: &[u32]) -> Result<u32, Box<dyn Error>>;
}

/// The file of the model.
pub fn model() -> PathBuf {
    env::var_os("DECODE_MODEL").expect("DECODE_MODEL is the model's file").into()
}

/// Answers every line of standard input.
pub fn serve(mut decoder: impl Decoder) -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lines() {
        let line = line?;
        let (count, prompt) = line.split_once('\t').ok_or("a line is a count, a tab, and ids")?;
        let prompt = prompt.split_whitespace().map(str::parse).collect::<Result<Vec<u32>, _>>()?;
        let count: usize = count.parse()?;
        decoder.restart()?;
        let start = Instant::now();
        let mut ids = vec![decoder.next(&prompt)?];
        let first = start.elapsed();
        while ids.len() < count {
            ids.push(decoder.next(&ids[ids.len() - 1..])?);
        }
        let rest = start.elapsed() - first;
        let words: Vec<String> = ids.iter().map(u32::to_string).collect();
        println!("{}\t{}\t{}", first.as_nanos(), rest.as_nanos(), words.join(" "));
        io::stdout().flush()?;
    }
    Ok(())
}
