//! Lines over a common axis.

use crate::picture::Draw;
use crate::text::FAMILY;
use anyhow::anyhow;
use plotters::chart::SeriesLabelPosition;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::full_palette::{GREY, ORANGE};

/// A line of a plot.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// Where it goes through.
    pub points: Vec<(f64, f64)>,
}

/// Lines, with axes and a legend.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What is counted to the right.
    pub across: String,
    /// What is counted upwards.
    pub up: String,
    /// The lines; the first is in the background.
    pub lines: Vec<Line>,
}

impl Draw for Lines {
    fn draw<B: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<B, Shift>) -> anyhow::Result<()> {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let range = |of: fn(&(f64, f64)) -> f64| {
            points()
                .map(of)
                .filter(|x| x.is_finite())
                .fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)))
        };
        let ((left, right), (low, high)) = (range(|point| point.0), range(|point| point.1));
        if left > right || low > high {
            return Err(anyhow!("there is nothing to draw"));
        }
        // Not of no width.
        let right = right.max(left + 1.0);
        let room = (0.05 * (high - low)).max(0.005);
        let mut chart = ChartBuilder::on(area)
            .margin(16)
            .margin_right(40)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(left..right, low - room..high + room)?;
        let mut mesh = chart.configure_mesh();
        mesh.x_desc(&self.across).y_desc(&self.up).light_line_style(WHITE);
        mesh.label_style((FAMILY, 13)).axis_desc_style((FAMILY, 14));
        // As many places as tell the numbers from each other.
        let places = |width: f64| (-width.log10()).ceil().clamp(0.0, 9.0) as usize;
        let (of_x, of_y) = (places((right - left) / 11.0), places((high - low + 2.0 * room) / 11.0));
        mesh.x_label_formatter(&|x| format!("{x:.of_x$}")).y_label_formatter(&|y| format!("{y:.of_y$}")).draw()?;
        let styles = [(GREY, 1), (ORANGE, 1), (BLUE, 2)];
        for (line, (colour, thickness)) in self.lines.iter().zip(styles.into_iter().cycle()) {
            let style = colour.stroke_width(thickness);
            let points = line.points.iter().copied().filter(|(_, y)| y.is_finite());
            let series = chart.draw_series(LineSeries::new(points, style))?;
            series.label(&line.name).legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
        }
        let mut legend = chart.configure_series_labels();
        legend.label_font((FAMILY, 13)).position(SeriesLabelPosition::UpperRight);
        legend.border_style(GREY).background_style(WHITE).draw()?;
        Ok(())
    }
}
