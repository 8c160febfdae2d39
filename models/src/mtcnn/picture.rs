//! Pictures of other sizes.

use crate::{Error, ensure};
use std::ops::Range;

/// A picture: rows of pixels, each red, green and blue.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// Of so many pixels, row by row.
    ///
    /// # Errors
    /// There are not three numbers for each pixel.
    pub fn new(width: usize, height: usize, rgb: Vec<u8>) -> Result<Self, Error> {
        let expected = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(3));
        let given = rgb.len();
        ensure!(
            expected == Some(given),
            "a picture of {width} by {height} pixels has three numbers for each, and not {given}"
        );
        Ok(Picture { width, height, rgb })
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows it has.
    pub fn height(&self) -> usize {
        self.height
    }

    /// A part of it in another size, as the networks take it: all red, all green, all blue, from -1 to 1. Each pixel is the mean of
    /// those that it covers wholly or in part, as of PyTorch's `interpolate` by area.
    pub(super) fn resized(&self, columns: &Range<usize>, rows: &Range<usize>, width: usize, height: usize) -> Vec<f32> {
        let (across, down) = (covered(columns, width), covered(rows, height));
        let mut planes = vec![0.0; 3 * width * height];
        for (y, rows) in down.iter().enumerate() {
            for (x, columns) in across.iter().enumerate() {
                let mut sums = [0u64; 3];
                for row in rows.clone() {
                    let pixels =
                        &self.rgb[3 * (row * self.width + columns.start)..3 * (row * self.width + columns.end)];
                    for pixel in pixels.chunks_exact(3) {
                        for (sum, colour) in sums.iter_mut().zip(pixel) {
                            *sum += u64::from(*colour);
                        }
                    }
                }
                let count = (rows.len() * columns.len()) as f64;
                for (colour, sum) in sums.into_iter().enumerate() {
                    planes[(colour * height + y) * width + x] = ((sum as f64 / count - 127.5) / 128.0) as f32;
                }
            }
        }
        planes
    }
}

/// What each of so many parts covers of a range.
fn covered(range: &Range<usize>, parts: usize) -> Vec<Range<usize>> {
    let length = range.len();
    let part = |part: usize| range.start + part * length / parts..range.start + ((part + 1) * length).div_ceil(parts);
    (0..parts).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::Picture;

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        // Three columns and two rows, all grey.
        let rgb = [0, 64, 128, 255, 192, 64].into_iter().flat_map(|grey| [grey; 3]).collect();
        let picture = Picture::new(3, 2, rgb).unwrap();
        let mean = |sum: f32, count: f32| (sum / count - 127.5) / 128.0;
        let one = [mean(511.0, 4.0), mean(448.0, 4.0)];
        assert_eq!(picture.resized(&(0..3), &(0..2), 2, 1), [one; 3].concat());
        let larger = [mean(64.0, 1.0), mean(64.0, 1.0), mean(128.0, 1.0), mean(128.0, 1.0)];
        assert_eq!(picture.resized(&(1..3), &(0..1), 4, 1), [larger; 3].concat());
    }

    #[test]
    fn a_picture_has_three_numbers_for_each_pixel() {
        let error = Picture::new(2, 1, vec![0; 5]).unwrap_err().to_string();
        assert_eq!(error, "a picture of 2 by 1 pixels has three numbers for each, and not 5");
        assert!(Picture::new(usize::MAX, 2, vec![]).is_err());
    }
}
