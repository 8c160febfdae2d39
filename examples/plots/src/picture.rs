//! Pictures in files.

use crate::{Lines, Matrix, text};
use anyhow::{Context, bail};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;

/// What a picture is written as.
#[derive(Clone, Copy)]
enum Format {
    Png,
    Svg,
}

impl Format {
    /// That of a file's name.
    fn of(path: &Path) -> anyhow::Result<Self> {
        let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
        match end.as_deref() {
            Some("png") => Ok(Format::Png),
            Some("svg") => Ok(Format::Svg),
            _ => bail!("{}: the name of a picture must end in .svg or .png", path.display()),
        }
    }
}

/// That the picture which an option names can be written, as far as that is known before the work.
///
/// # Errors
/// Its name ends neither in `.svg` nor in `.png`, it is a folder, or the folder that it is to be in is not there.
pub fn check(option: &str, path: &Path) -> anyhow::Result<()> {
    common::check_output(option, path)?;
    Format::of(path).map(drop).context(option.to_owned())
}

/// What can be drawn.
pub(crate) trait Draw {
    /// Draws it on an area of the size that it asked for.
    fn draw<B: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<B, Shift>) -> anyhow::Result<()>;
}

/// Draws into a file.
pub(crate) fn draw(path: &Path, size: (u32, u32), what: &impl Draw) -> anyhow::Result<()> {
    let bytes = match Format::of(path)? {
        Format::Svg => {
            let mut text = String::new();
            let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
            fill(&area, what)?;
            drop(area);
            text.into_bytes()
        }
        Format::Png => {
            let (width, height) = size;
            let mut pixels = vec![0; 3 * width as usize * height as usize];
            let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
            fill(&area, what)?;
            drop(area);
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, width, height);
            encoder.set_color(png::ColorType::Rgb);
            encoder.set_depth(png::BitDepth::Eight);
            encoder.write_header()?.write_image_data(&pixels)?;
            bytes
        }
    };
    std::fs::write(path, bytes).with_context(|| path.display().to_string())
}

fn fill<B: DrawingBackend<ErrorType: 'static>>(area: &DrawingArea<B, Shift>, what: &impl Draw) -> anyhow::Result<()> {
    text::register()?;
    area.fill(&WHITE)?;
    what.draw(area)?;
    Ok(area.present()?)
}

/// Draws matrices side by side.
///
/// # Errors
/// The name of the file ends neither in `.svg` nor in `.png`, or it cannot be written.
pub fn draw_matrices(path: &Path, matrices: &[Matrix]) -> anyhow::Result<()> {
    text::register()?;
    let sizes = matrices.iter().map(Matrix::size).collect::<anyhow::Result<Vec<_>>>()?;
    let size = (sizes.iter().map(|(width, _)| width).sum(), sizes.iter().map(|(_, height)| *height).max().unwrap_or(1));
    draw(path, size, &SideBySide { matrices, sizes })
}

struct SideBySide<'a> {
    matrices: &'a [Matrix],
    sizes: Vec<(u32, u32)>,
}

impl Draw for SideBySide<'_> {
    fn draw<B: DrawingBackend<ErrorType: 'static>>(&self, area: &DrawingArea<B, Shift>) -> anyhow::Result<()> {
        let mut rest = area.clone();
        for (matrix, (width, _)) in self.matrices.iter().zip(&self.sizes) {
            let (left, right) = rest.split_horizontally(*width);
            matrix.draw(&left)?;
            rest = right;
        }
        Ok(())
    }
}

impl Lines {
    /// Draws it.
    ///
    /// # Errors
    /// The name of the file ends neither in `.svg` nor in `.png`, or it cannot be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        draw(path, (800, 480), self)
    }
}
