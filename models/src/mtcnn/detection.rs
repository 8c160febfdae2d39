//! From a picture to faces.

use super::area::{Overlap, likeliest};
use super::networks::{Colours, Landmarks, Output, Proposals, Refinement};
use super::{Area, Picture};
use crate::{Error, ensure};
use congruent::backend::{Backend, DeviceOf};
use congruent::io::{LoadError, Source};
use congruent::prelude::*;
use std::ops::Range;

dims! { Squares; Rows; Columns; Height; Width; }

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The side of the smallest face, in pixels: at least 1.
    pub smallest: f32,
    /// How likely a box has to be a face, for each of the networks, from 0 to 1.
    pub thresholds: [f32; 3],
    /// How much smaller each size of the picture is than the one before: between 0 and 1.
    pub factor: f64,
}

impl Default for Settings {
    /// As of the package: 20 pixels, thresholds of 0.6, 0.7 and 0.7, and about half of the pixels from size to size.
    fn default() -> Self {
        Settings { smallest: 20.0, thresholds: [0.6, 0.7, 0.7], factor: 0.709 }
    }
}

/// A face in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// The box that it is in, which may reach past the picture.
    pub area: Area,
    /// How likely it is one, from 0 to 1.
    pub probability: f32,
    /// The eyes, the nose, and the corners of the mouth, x and y of each, in pixels; the left of the picture before the right.
    pub landmarks: [[f32; 2]; 5],
}

/// A box, and how likely it is a face.
type Candidate = (Area, f32);

/// The three networks.
#[derive(Clone, Module)]
pub struct Mtcnn<B: Backend = Cpu<f32>> {
    /// The first.
    #[module(name = "pnet")]
    pub proposals: Proposals<B>,
    /// The second.
    #[module(name = "rnet")]
    pub refinement: Refinement<B>,
    /// The third.
    #[module(name = "onet")]
    pub output: Output<B>,
}

/// How many squares go through a network together.
const AT_ONCE: usize = 256;

impl<B: Backend<Elem = f32>> Mtcnn<B> {
    /// Takes the weights of `pnet.pt`, `rnet.pt` and `onet.pt` to a device.
    ///
    /// # Errors
    /// Every tensor of the first file at fault that is missing, surplus or of another shape.
    pub fn load(
        proposals: &dyn Source,
        refinement: &dyn Source,
        output: &dyn Source,
        device: &DeviceOf<B>,
    ) -> Result<Self, LoadError> {
        Ok(Mtcnn {
            proposals: Proposals::load(proposals, device)?,
            refinement: Refinement::load(refinement, device)?,
            output: Output::load(output, device)?,
        })
    }

    /// The faces in a picture, the likeliest first.
    ///
    /// # Errors
    /// The settings cannot be.
    pub fn detect(&self, picture: &Picture, settings: &Settings) -> Result<Vec<Face>, Error> {
        let Settings { smallest, thresholds: [_, second, third], factor } = *settings;
        ensure!(smallest.is_finite() && smallest >= 1.0, "`smallest` is {smallest}, and a face has at least 1 pixel");
        ensure!(factor > 0.0 && factor < 1.0, "`factor` is {factor}, and has to be between 0 and 1");
        let found = self.proposed(picture, settings)?;
        let found = self.refined(picture, &found, second)?;
        self.faces(picture, &found, third)
    }

    /// What the first network proposes: squares.
    fn proposed(&self, picture: &Picture, settings: &Settings) -> Result<Vec<Area>, Error> {
        let (mut scale, mut found) = (12.0 / f64::from(settings.smallest), Vec::new());
        while picture.width().min(picture.height()) as f64 * scale >= 12.0 {
            let proposed = self.proposed_at(picture, scale, settings.thresholds[0])?;
            found.extend(likeliest(proposed, |(candidate, _)| *candidate, 0.5, Overlap::OfUnion));
            scale *= settings.factor;
        }
        let found = likeliest(found, |(candidate, _)| *candidate, 0.7, Overlap::OfUnion);
        Ok(found.into_iter().map(|((area, _), sides)| area.moved(sides, 0.0).square()).collect())
    }

    /// What it proposes in one size of the picture, and how far the sides are to be moved.
    fn proposed_at(&self, picture: &Picture, scale: f64, threshold: f32) -> Result<Vec<(Candidate, [f32; 4])>, Error> {
        let [across, down] = [picture.width(), picture.height()].map(|length| (length as f64 * scale + 1.0) as usize);
        let [places_down, places_across] = [down, across].map(Proposals::<B>::places);
        bind!(height: Height = down, width: Width = across, rows: Rows = places_down, columns: Columns = places_across);
        let pixels = picture.resized(&(0..picture.width()), &(0..picture.height()), across, down);
        let pixels = Tensor::from_vec((N::<1>, Colours, height, width), pixels)?.to_engine::<B>(&self.device());
        let (probabilities, sides) = self.proposals.try_forward(&pixels, (rows, columns))?;
        let (probabilities, sides) = (probabilities.to_vec(), sides.to_vec());
        let likely = probabilities.iter().enumerate().filter(|(_, probability)| **probability >= threshold);
        let in_picture = |pixel: usize| (pixel as f32 / scale as f32).floor();
        let candidates = likely.map(|(place, probability)| {
            let [row, column] = [place / places_across, place % places_across].map(|place| 2 * place);
            let area = Area {
                left: in_picture(column + 1),
                top: in_picture(row + 1),
                right: in_picture(column + 12),
                bottom: in_picture(row + 12),
            };
            ((area, *probability), std::array::from_fn(|side| sides[side * probabilities.len() + place]))
        });
        Ok(candidates.collect())
    }

    /// The squares that the second network takes for faces.
    fn refined(&self, picture: &Picture, squares: &[Area], threshold: f32) -> Result<Vec<Area>, Error> {
        let mut found = Vec::new();
        for squares in visible(picture, squares).chunks(AT_ONCE) {
            bind!(count: Squares = squares.len());
            let pixels = Tensor::from_vec((count, Colours, N::<24>, N::<24>), looked_at(picture, squares, 24))?;
            let (probabilities, sides) = self.refinement.forward(&pixels.to_engine::<B>(&self.device()));
            let sides = sides.to_vec();
            for (at, probability) in probabilities.to_vec().into_iter().enumerate() {
                if probability > threshold {
                    found.push(((squares[at].0, probability), std::array::from_fn(|side| sides[4 * at + side])));
                }
            }
        }
        let found = likeliest(found, |(candidate, _)| *candidate, 0.7, Overlap::OfUnion);
        Ok(found.into_iter().map(|((area, _), sides)| area.moved(sides, 1.0).square()).collect())
    }

    /// The squares that the third network takes for faces, with landmarks.
    fn faces(&self, picture: &Picture, squares: &[Area], threshold: f32) -> Result<Vec<Face>, Error> {
        let mut found = Vec::new();
        for squares in visible(picture, squares).chunks(AT_ONCE) {
            bind!(count: Squares = squares.len());
            let pixels = Tensor::from_vec((count, Colours, N::<48>, N::<48>), looked_at(picture, squares, 48))?;
            let (probabilities, sides, landmarks) = self.output.forward(&pixels.to_engine::<B>(&self.device()));
            let (sides, landmarks) = (sides.to_vec(), landmarks.to_vec());
            for (at, probability) in probabilities.to_vec().into_iter().enumerate() {
                if probability > threshold {
                    let square = squares[at].0;
                    let point = |point: usize| {
                        let [x, y] = [0, 1].map(|axis| landmarks[(2 * at + axis) * Landmarks.size() + point]);
                        let (width, height) = (square.right - square.left + 1.0, square.bottom - square.top + 1.0);
                        [width * x + square.left - 1.0, height * y + square.top - 1.0]
                    };
                    let area = square.moved(std::array::from_fn(|side| sides[4 * at + side]), 1.0);
                    found.push(Face { area, probability, landmarks: std::array::from_fn(point) });
                }
            }
        }
        Ok(likeliest(found, |face| (face.area, face.probability), 0.7, Overlap::OfSmaller))
    }

    fn device(&self) -> DeviceOf<B> {
        self.proposals.device()
    }
}

/// Squares, and the columns and rows of each that are in the picture.
type Visible = (Area, [Range<usize>; 2]);

/// Those of which something is in the picture.
fn visible(picture: &Picture, squares: &[Area]) -> Vec<Visible> {
    // The first pixel has the number 1.
    let inside = |from: f32, to: f32, length: usize| (from as usize).max(1) - 1..(to as usize).min(length);
    let parts = squares.iter().map(|area| {
        let columns = inside(area.left, area.right, picture.width());
        (*area, [columns, inside(area.top, area.bottom, picture.height())])
    });
    parts.filter(|(_, parts)| parts.iter().all(|part| !part.is_empty())).collect()
}

/// The squares as a network takes them.
fn looked_at(picture: &Picture, squares: &[Visible], side: usize) -> Vec<f32> {
    squares.iter().flat_map(|(_, [columns, rows])| picture.resized(columns, rows, side, side)).collect()
}
