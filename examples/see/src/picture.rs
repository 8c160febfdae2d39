//! Pictures out of files.

use anyhow::{Context, anyhow};
use congruent_models::mtcnn::Picture;
use image::{DynamicImage, ImageDecoder, ImageReader, ImageResult, RgbImage};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// The picture of a PNG or JPEG file, turned as the camera was.
///
/// # Errors
/// It cannot be read, is of another format, or is cut off.
pub fn read(path: &Path) -> anyhow::Result<RgbImage> {
    // By what is in it: its name says nothing.
    let reader = ImageReader::new(BufReader::new(File::open(path)?)).with_guessed_format()?;
    reader.format().context("it is no PNG or JPEG file")?;
    // What such an error was made of is in its message.
    Ok(decoded(reader).map_err(|error| anyhow!("{error}"))?.into_rgb8())
}

fn decoded(reader: ImageReader<BufReader<File>>) -> ImageResult<DynamicImage> {
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// The picture as the model takes it.
pub fn seen(picture: &RgbImage) -> Picture {
    let (width, height) = picture.dimensions();
    Picture::new(width as usize, height as usize, picture.as_raw().clone()).expect("three numbers for each pixel")
}
