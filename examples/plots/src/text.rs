//! Texts, and the room that they need.

use anyhow::{Context, anyhow};
use plotters::prelude::*;
use plotters::style::register_font;
use std::sync::OnceLock;

/// The family of all texts.
pub(crate) const FAMILY: &str = "sans-serif";

/// Brings the font that texts are measured with, and drawn where the picture has pixels.
pub(crate) fn register() -> anyhow::Result<()> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let is_done =
        DONE.get_or_init(|| register_font(FAMILY, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());
    is_done.then_some(()).context("the font is none")
}

/// How wide a text is. Who looks at an SVG file may have a wider font.
pub(crate) fn width(text: &str, size: i32) -> anyhow::Result<i32> {
    let font = (FAMILY, size).into_font();
    let (width, _) = font.box_size(text).map_err(|error| anyhow!("{error}"))?;
    Ok((f64::from(width) * 1.25).ceil() as i32)
}

/// What can be drawn of a text: the characters that move the pen, or worse, become spaces.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// The whole text in lines of this width, broken between words where it can be.
pub(crate) fn wrap(text: &str, size: i32, most: i32) -> anyhow::Result<Vec<String>> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in printable(text).split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer, size)? <= most {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            line.push(character);
            if line.chars().count() > 1 && width(&line, size)? > most {
                line.pop();
                lines.push(std::mem::replace(&mut line, character.to_string()));
            }
        }
    }
    lines.push(line);
    Ok(lines)
}
