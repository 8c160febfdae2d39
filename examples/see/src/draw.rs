//! Faces drawn into the picture.

use congruent_models::mtcnn::{Area, Face};
use image::{Rgb, RgbImage};

const BOX: Rgb<u8> = Rgb([0, 255, 0]);
const LANDMARK: Rgb<u8> = Rgb([255, 0, 0]);

/// Draws the box of each face green, and its landmarks red.
pub fn draw(picture: &mut RgbImage, faces: &[Face]) {
    // Thicker in a larger picture.
    let thickness = i64::from(picture.width().max(picture.height()) / 500) + 1;
    for Face { area: Area { left, top, right, bottom }, landmarks, .. } in faces {
        let [left, top, right, bottom] = [left, top, right, bottom].map(|side| side.round() as i64);
        for line in [
            [left, top, right, top + thickness],
            [left, bottom - thickness, right, bottom],
            [left, top, left + thickness, bottom],
            [right - thickness, top, right, bottom],
        ] {
            fill(picture, line, BOX);
        }
        for [x, y] in landmarks.map(|point| point.map(|at| at.round() as i64)) {
            fill(picture, [x - thickness, y - thickness, x + thickness, y + thickness], LANDMARK);
        }
    }
}

/// Fills what is in the picture of a rectangle: left, top, right, bottom.
fn fill(picture: &mut RgbImage, [left, top, right, bottom]: [i64; 4], colour: Rgb<u8>) {
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    for y in top.max(0)..bottom.min(height) {
        for x in left.max(0)..right.min(width) {
            picture.put_pixel(x as u32, y as u32, colour);
        }
    }
}
