//! The losses of all steps, as a table that other programs read.

use anyhow::{Context, ensure};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

const HEADER: &str = "step,tokens,loss,learning_rate,tokens_per_second,seconds\n";

/// A file of comma-separated values with a row for each step, written as soon as it is done. A token is what the model reads at once:
/// here a character.
pub struct Log {
    path: PathBuf,
    file: File,
    /// The seconds of the rows that were there before.
    before: f64,
    started: Instant,
    last: Instant,
}

impl Log {
    /// A new table.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        let mut log = Log::new(path, file, 0.0);
        log.write(HEADER)?;
        Ok(log)
    }

    /// The table goes on after a step: rows of later ones, which the training did before it was stopped and does again, are removed.
    /// Where there is no table, it begins there.
    ///
    /// # Errors
    /// It is another file, or cannot be written.
    pub fn resume(path: &Path, step: u64) -> anyhow::Result<Self> {
        if !path.exists() {
            return Log::create(path);
        }
        let open = || -> std::io::Result<(File, Vec<u8>)> {
            let mut file = OpenOptions::new().read(true).write(true).open(path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok((file, bytes))
        };
        let (mut file, bytes) = open().with_context(|| path.display().to_string())?;
        let text = String::from_utf8_lossy(&bytes);
        ensure!(text.starts_with(HEADER), "{}: it is not the log of a training", path.display());
        let (mut length, mut seconds) = (HEADER.len(), 0.0);
        for line in text[HEADER.len()..].split_inclusive('\n') {
            match row(line) {
                Some((of, until)) if of <= step => (length, seconds) = (length + line.len(), until),
                _ => break,
            }
        }
        let mut cut = || {
            file.set_len(length as u64)?;
            file.seek(SeekFrom::End(0))
        };
        cut().with_context(|| path.display().to_string())?;
        Ok(Log::new(path, file, seconds))
    }

    fn new(path: &Path, file: File, before: f64) -> Self {
        let now = Instant::now();
        Log { path: path.to_owned(), file, before, started: now, last: now }
    }

    /// The row of a step that is done: the tokens of it and of all steps so far, the loss before it, and its learning rate.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn step(&mut self, step: u64, [tokens, all]: [u64; 2], loss: f64, learning_rate: f64) -> anyhow::Result<()> {
        let now = Instant::now();
        let rate = tokens as f64 / now.duration_since(self.last).as_secs_f64().max(1e-9);
        let seconds = self.before + now.duration_since(self.started).as_secs_f64();
        self.last = now;
        self.write(&format!("{step},{all},{loss},{learning_rate:e},{rate:.1},{seconds:.3}\n"))
    }

    /// In one call of the system: who reads meanwhile sees whole rows.
    fn write(&mut self, line: &str) -> anyhow::Result<()> {
        self.file.write_all(line.as_bytes()).with_context(|| self.path.display().to_string())
    }
}

/// The step of a whole row, and its seconds.
fn row(line: &str) -> Option<(u64, f64)> {
    let fields: Vec<&str> = line.strip_suffix('\n')?.split(',').collect();
    let [step, .., seconds] = fields[..] else { return None };
    (fields.len() == HEADER.split(',').count()).then_some(())?;
    Some((step.parse().ok()?, seconds.parse().ok()?))
}
