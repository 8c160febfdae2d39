//! Matrices as pictures.

use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

const SIDE: u32 = 640;
/// Room for the labels.
const MARGIN: i32 = 150;

/// Draws the similarities of texts, and the attention between the tokens of one of them, as SVG.
pub fn plot(
    path: &Path,
    texts: &[String],
    similarities: &[Vec<f32>],
    tokens: &[String],
    attention: &[Vec<f32>],
    head: &str,
) -> anyhow::Result<()> {
    let area = SVGBackend::new(path, (2 * SIDE, SIDE)).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIDE);
    matrix(&left, "similarity of the texts", texts, similarities)?;
    matrix(&right, &format!("attention of {head}: query down, key across"), tokens, attention)?;
    area.present()?;
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn matrix(area: &Area<'_>, title: &str, labels: &[String], rows: &[Vec<f32>]) -> anyhow::Result<()> {
    let area = area.titled(title, ("sans-serif", 18))?;
    let cell = (SIDE as i32 - MARGIN - 40) / labels.len().max(1) as i32;
    let style = ("sans-serif", cell.clamp(6, 13)).into_text_style(&area);
    let sideways = style.transform(FontTransform::Rotate270);
    for (i, label) in labels.iter().enumerate() {
        let short: String = label.chars().take(20).collect();
        let middle = MARGIN + i as i32 * cell + cell / 3;
        area.draw_text(&short, &style, (4, middle))?;
        area.draw_text(&short, &sideways, (middle, MARGIN - 6))?;
    }
    for (y, row) in rows.iter().enumerate() {
        for (x, &value) in row.iter().enumerate() {
            let corner = (MARGIN + x as i32 * cell, MARGIN + y as i32 * cell);
            let color = ViridisRGB::get_color(value.clamp(0.0, 1.0));
            area.draw(&Rectangle::new([corner, (corner.0 + cell, corner.1 + cell)], color.filled()))?;
        }
    }
    Ok(())
}
