//! The losses in the course of the training.

use crate::COUNTED;
use plots::{Line, Lines};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// Losses after so many steps, in nats a character.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// How many steps there were.
    pub step: u64,
    /// The mean of the steps since the point before.
    pub training: f64,
    /// That of text that is held out.
    pub held_out: f64,
}

/// The losses in the course of the training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve(pub Vec<Point>);

impl Curve {
    /// Draws it, as SVG or PNG by the name of the file.
    ///
    /// # Errors
    /// The file has another name, or cannot be written; there are no losses.
    pub fn draw(&self, path: &Path) -> anyhow::Result<()> {
        let line = |name: &str, of: &dyn Fn(&Point) -> f64| Line {
            name: name.to_owned(),
            points: self.0.iter().map(|point| (point.step as f64, of(point))).collect(),
        };
        let mut counted = line("counted, five characters back", &|_| COUNTED);
        counted.points.insert(0, (0.0, COUNTED));
        let lines = vec![counted, line("training", &|point| point.training), line("held out", &|point| point.held_out)];
        Lines { across: "steps".to_owned(), up: "nats a character".to_owned(), lines }.save(path)
    }
}

/// As a table: comma-separated values.
impl Display for Curve {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "step,training,held_out")?;
        self.0.iter().try_for_each(|point| writeln!(f, "{},{},{}", point.step, point.training, point.held_out))
    }
}
