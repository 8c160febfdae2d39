//! Matrices as colours.

use crate::picture::Draw;
use crate::text::{FAMILY, printable, width, wrap};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A matrix whose rows and columns have the same names.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// What it is.
    pub title: String,
    /// What its rows are, and its columns.
    pub axes: [String; 2],
    /// The names, which are written whole.
    pub names: Vec<String>,
    /// The numbers, row by row.
    pub rows: Vec<Vec<f32>>,
    /// The least and the greatest number of the scale.
    pub scale: [f32; 2],
}

/// The size of the texts.
const TEXT: i32 = 13;
const LINE: i32 = 18;
const TITLE: i32 = 18;
const MARGIN: i32 = 20;
/// The widest name beside a row: where one is wider, rows have numbers, and the names stand below.
const WIDEST: i32 = 160;
/// The side of a square that its number fits into, and of one that a name fits beside.
const ROOMY: i32 = 44;
const TIGHT: i32 = LINE;
/// The most rows of which the numbers are written into the squares.
const NUMBERED: usize = 16;
/// The room of the numbers of names.
const INDENT: i32 = 32;
/// The room of the scale: space, colours, numbers.
const SCALE: [i32; 3] = [24, 18, 48];

/// Where everything is.
struct Layout {
    side: i32,
    /// The corner of the first square.
    origin: (i32, i32),
    /// What stands beside rows and above columns.
    labels: Vec<String>,
    /// The names below, in lines.
    below: Vec<String>,
    size: (i32, i32),
}

impl Matrix {
    pub(crate) fn size(&self) -> anyhow::Result<(u32, u32)> {
        let (width, height) = self.layout()?.size;
        Ok((width as u32, height as u32))
    }

    fn layout(&self) -> anyhow::Result<Layout> {
        let names: Vec<String> = self.names.iter().map(|name| printable(name)).collect();
        let widest = |labels: &[String]| {
            labels.iter().try_fold(0, |widest, label| Ok::<_, anyhow::Error>(widest.max(width(label, TEXT)?)))
        };
        let numbers = || (1..=names.len()).map(|number| number.to_string()).collect::<Vec<_>>();
        let fits = widest(&names)? <= WIDEST;
        let labels = if fits { names.clone() } else { numbers() };
        let side = if names.len() <= NUMBERED { ROOMY } else { TIGHT };
        let (room, across) = (widest(&labels)?, side * names.len() as i32);
        // Of each axis its name, and what is at the squares.
        let origin = (MARGIN + LINE + room + 8, MARGIN + TITLE + LINE + LINE + room + 8);
        let right = origin.0 + across + SCALE.iter().sum::<i32>();
        let total = (right + MARGIN).max(width(&self.title, TITLE)? + 2 * MARGIN).max(if fits { 0 } else { 480 });
        let mut below = Vec::new();
        if !fits {
            for (number, name) in (1..).zip(&names) {
                let lines = wrap(name, TEXT, total - 2 * MARGIN - INDENT)?;
                below.extend(lines.into_iter().enumerate().map(|(line, text)| match line {
                    0 => format!("{number}\t{text}"),
                    _ => format!("\t{text}"),
                }));
            }
        }
        // The scale has numbers also where there is one square.
        let bottom = origin.1 + across.max(3 * LINE) + MARGIN + LINE * below.len() as i32;
        Ok(Layout { side, origin, labels, below, size: (total, bottom + MARGIN) })
    }

    /// The colour of a number, and one that can be read on it.
    fn colours(&self, number: f32) -> (RGBColor, RGBColor) {
        let [low, high] = self.scale;
        let share = ((number - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
        let RGBColor(red, green, blue) = ViridisRGB.get_color(share);
        let brightness = 0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue);
        (RGBColor(red, green, blue), if brightness > 128.0 { BLACK } else { WHITE })
    }
}

impl Draw for Matrix {
    fn draw<B: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<B, Shift>) -> anyhow::Result<()> {
        let Layout { side, origin: (left, top), labels, below, .. } = self.layout()?;
        let style = |size: i32, horizontal, vertical| {
            TextStyle::from((FAMILY, size).into_font()).pos(Pos::new(horizontal, vertical))
        };
        let centred = style(TEXT, HPos::Center, VPos::Center);
        let across = side * self.names.len() as i32;
        area.draw_text(&printable(&self.title), &style(TITLE, HPos::Left, VPos::Top), (MARGIN, MARGIN))?;
        let middle = across / 2;
        area.draw_text(&self.axes[1], &centred, (left + middle, MARGIN + TITLE + LINE))?;
        let sideways = centred.transform(FontTransform::Rotate270);
        area.draw_text(&self.axes[0], &sideways, (MARGIN + LINE / 2, top + middle))?;

        let beside = style(TEXT, HPos::Right, VPos::Center);
        let above = style(TEXT, HPos::Left, VPos::Center).transform(FontTransform::Rotate270);
        for (at, label) in (0..).zip(&labels) {
            let middle = at * side + side / 2;
            area.draw_text(label, &beside, (left - 8, top + middle))?;
            area.draw_text(label, &above, (left + middle, top - 8))?;
        }
        for (y, row) in (0..).zip(&self.rows) {
            for (x, &number) in (0..).zip(row) {
                let corner = (left + x * side, top + y * side);
                let (colour, readable) = self.colours(number);
                area.draw(&Rectangle::new([corner, (corner.0 + side, corner.1 + side)], colour.filled()))?;
                if side >= ROOMY {
                    let middle = (corner.0 + side / 2, corner.1 + side / 2);
                    area.draw_text(&format!("{number:.2}"), &centred.color(&readable), middle)?;
                }
            }
        }
        self.draw_scale(area, (left + across + SCALE[0], top), across.max(3 * LINE))?;
        let first = style(TEXT, HPos::Left, VPos::Top);
        for (line, text) in (0..).zip(&below) {
            let (number, text) = text.split_once('\t').unwrap_or(("", text));
            let y = top + across.max(3 * LINE) + MARGIN + line * LINE;
            area.draw_text(number, &first, (MARGIN, y))?;
            area.draw_text(text, &first, (MARGIN + INDENT, y))?;
        }
        Ok(())
    }
}

impl Matrix {
    /// What number a colour is.
    fn draw_scale<B: DrawingBackend<ErrorType: 'static>>(
        &self,
        area: &DrawingArea<B, Shift>,
        (left, top): (i32, i32),
        height: i32,
    ) -> anyhow::Result<()> {
        let ([low, high], [_, width, _]) = (self.scale, SCALE);
        let number = |y: i32| high - (high - low) * y as f32 / height as f32;
        for y in 0..height {
            let (colour, _) = self.colours(number(y));
            area.draw(&Rectangle::new([(left, top + y), (left + width, top + y + 1)], colour.filled()))?;
        }
        area.draw(&Rectangle::new([(left, top), (left + width, top + height)], BLACK.stroke_width(1)))?;
        let steps = (height / (2 * LINE)).clamp(1, 5);
        let style = TextStyle::from((FAMILY, TEXT).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
        for step in 0..=steps {
            let y = height * step / steps;
            let (right, y_at) = (left + width, top + y);
            area.draw(&PathElement::new([(right, y_at), (right + 4, y_at)], BLACK))?;
            area.draw_text(&format!("{:.2}", number(y)), &style, (right + 7, y_at))?;
        }
        Ok(())
    }
}
