//! The losses in the course of the training.

use crate::COUNTED;
use plotters::prelude::*;
use plotters::style::full_palette::{GREY, ORANGE};
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
    /// Draws it as SVG.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn draw(&self, path: &Path) -> anyhow::Result<()> {
        let area = SVGBackend::new(path, (800, 480)).into_drawing_area();
        area.fill(&WHITE)?;
        let losses = self.0.iter().flat_map(|point| [point.training, point.held_out]).chain([COUNTED]);
        let (low, high) = losses.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        let steps = self.0.last().map_or(1, |point| point.step.max(1));
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .x_label_area_size(44)
            .y_label_area_size(56)
            .build_cartesian_2d(0..steps, low - 0.05..high + 0.05)?;
        chart.configure_mesh().x_desc("steps").y_desc("nats a character").light_line_style(WHITE).draw()?;
        let line = |of: fn(&Point) -> f64| self.0.iter().map(move |point| (point.step, of(point)));
        let counted = [(0, COUNTED), (steps, COUNTED)].into_iter();
        chart.draw_series(LineSeries::new(counted, GREY))?.label("counted, five characters back").legend(mark(GREY));
        let training = LineSeries::new(line(|point| point.training), ORANGE);
        chart.draw_series(training)?.label("training").legend(mark(ORANGE));
        let held_out = LineSeries::new(line(|point| point.held_out), BLUE.stroke_width(2));
        chart.draw_series(held_out)?.label("held out").legend(mark(BLUE));
        chart.configure_series_labels().border_style(GREY).background_style(WHITE).draw()?;
        area.present()?;
        Ok(())
    }
}

fn mark(color: RGBColor) -> impl Fn((i32, i32)) -> PathElement<(i32, i32)> {
    move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color)
}

/// As a table: comma-separated values.
impl Display for Curve {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "step,training,held_out")?;
        self.0.iter().try_for_each(|point| writeln!(f, "{},{},{}", point.step, point.training, point.held_out))
    }
}
