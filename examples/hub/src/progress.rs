//! How far a file is.

use hf_hub::api::Progress;
use indicatif::{HumanBytes, ProgressBar, ProgressFinish, ProgressStyle};

const STYLE: &str = "{msg}: {bytes} of {total_bytes}, {percent} %, {bytes_per_sec}, {eta} left";

/// A line that counts the bytes of a file; where nobody looks at a terminal, it says once what comes.
#[derive(Clone)]
pub(crate) struct Line {
    bar: ProgressBar,
    repository: String,
    is_said: bool,
    /// What comes next is what was there already.
    begins: bool,
}

impl Line {
    pub(crate) fn new(repository: &str, file: &str) -> Self {
        let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
        // An error is said below nothing.
        let bar = ProgressBar::no_length().with_style(style).with_finish(ProgressFinish::AndClear);
        Line {
            bar: bar.with_message(file.to_owned()),
            repository: repository.to_owned(),
            is_said: false,
            begins: false,
        }
    }

    /// How many bytes there are, of how many, once they come.
    pub(crate) fn read(&self) -> Option<(u64, u64)> {
        self.bar.length().map(|length| (self.bar.position(), length))
    }
}

impl Progress for Line {
    // The client calls it twice: before the connection, and when it comes with what was there already.
    fn init(&mut self, size: usize, file: &str) {
        if self.bar.is_hidden() && !self.is_said {
            eprintln!("fetching {file} of {} ({})", self.repository, HumanBytes(size as u64));
        }
        (self.is_said, self.begins) = (true, true);
        self.bar.set_length(size as u64);
        self.bar.set_position(0);
    }

    fn update(&mut self, size: usize) {
        self.bar.inc(size as u64);
        if std::mem::take(&mut self.begins) {
            // It is not counted as fast.
            self.bar.reset_eta();
            self.bar.reset_elapsed();
        }
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}
