//! Convolutions of few channels for each group, as of each channel by itself (depthwise): sums of planes that are shifted.

use super::plane::Plane;
use crate::backend::{Real, Windows};
use crate::cpu::kernels::generic;

/// What is used again for one image after another.
pub struct Scratch<T> {
    /// The plane, whose padding stays zero.
    plane: Vec<T>,
    /// The sums of each part.
    sums: Vec<Vec<T>>,
    weights: Vec<T>,
}

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Scratch { plane: Vec::new(), sums: Vec::new(), weights: Vec::new() }
    }
}

/// A part of the result, every so many rows and columns of it: a sum of shifted planes.
struct Part {
    /// Its first row and column.
    first: [usize; 2],
    /// Its rows and columns.
    size: [usize; 2],
    /// The places in the window that have a part in it, and where these are in the plane.
    places: Vec<usize>,
    offsets: Vec<usize>,
}

impl Part {
    fn len(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// How long its rows are, and how far apart in the plane. Where they lie there as in the part, they are one.
    fn rows(&self, plane: &Plane) -> [usize; 2] {
        if self.size[1] == plane.size[1] { [self.len(), 0] } else { [self.size[1], plane.size[1]] }
    }
}

/// The most lanes that a vector has: so many zeros are behind a plane, so that none ends within a vector.
const LANES: usize = 16;

/// A convolution or a transposed one, as sums of shifted planes.
pub struct Shifted {
    plane: Plane,
    parts: Vec<Part>,
    /// The strides of the parts in the result, and its size.
    stride: [usize; 2],
    size: [usize; 2],
    /// How many places a window has.
    places: usize,
}

fn places([height, width]: [usize; 2]) -> impl Iterator<Item = [usize; 2]> {
    (0..height).flat_map(move |i| (0..width).map(move |j| [i, j]))
}

impl Shifted {
    /// A convolution of an image, unless most of it is padding.
    pub fn convolution(windows: &Windows, image: [usize; 2]) -> Option<Self> {
        let Windows { size, count, dilation, .. } = *windows;
        let plane = Plane::of_windows(windows, image)?;
        let offsets = places(size).map(|[i, j]| plane.offset([i * dilation[0], j * dilation[1]])).collect();
        let part = Part { first: [0, 0], size: count, places: (0..size[0] * size[1]).collect(), offsets };
        Some(Shifted { plane, parts: vec![part], stride: [1, 1], size: count, places: size[0] * size[1] })
    }

    /// A transposed convolution into an image, unless most of it is padding.
    pub fn transposed(windows: &Windows, image: [usize; 2]) -> Option<Self> {
        let Windows { size, count, stride, padding, dilation } = *windows;
        /// More parts take longer to find than to calculate.
        const PARTS: usize = 64;
        if stride[0].checked_mul(stride[1])? > PARTS {
            return None;
        }
        let (mut before, mut reached) = ([0; 2], [0; 2]);
        for axis in 0..2 {
            let last = size[axis].checked_sub(1)?.checked_mul(dilation[axis])?;
            last.checked_add(padding[axis])?.checked_add(2 * stride[axis])?;
            before[axis] = last.saturating_sub(padding[axis]).div_ceil(stride[axis]);
            let behind = padding[axis].checked_add(stride[axis] - 1)? / stride[axis];
            reached[axis] =
                (image[axis].checked_sub(1)? / stride[axis] + 1).checked_add(behind)?.checked_add(before[axis])?;
        }
        let elements = image[0].checked_mul(image[1])?.checked_add(count[0] * count[1])?;
        let plane = Plane::new([1, 1], before, reached, elements)?;
        // Every so many rows and columns of the image have the same places.
        let parts = places([0, 1].map(|axis| stride[axis].min(image[axis]))).map(|first| {
            let mut part = Part { first, size: [0; 2], places: Vec::new(), offsets: Vec::new() };
            part.size = [0, 1].map(|axis| (image[axis] - first[axis]).div_ceil(stride[axis]));
            for (place, at) in places(size).enumerate() {
                let window = |axis: usize| {
                    // Counted from the begin of the padding, so that it is not below zero.
                    let from = first[axis] + padding[axis] + before[axis] * stride[axis];
                    let from = from.checked_sub(at[axis] * dilation[axis])?;
                    (from % stride[axis] == 0).then_some(from / stride[axis])
                };
                if let (Some(row), Some(column)) = (window(0), window(1)) {
                    part.places.push(place);
                    part.offsets.push(plane.offset([row, column]));
                }
            }
            part
        });
        Some(Shifted { parts: parts.collect(), plane, stride, size: image, places: size[0] * size[1] })
    }

    /// The sums for each output of planes of so many columns, the channels; the weight of an output for a channel begins where
    /// `weight_at` says.
    pub fn apply<T: Real>(
        &self,
        planes: &[T],
        [height, width]: [usize; 2],
        weight: &[T],
        weight_at: impl Fn(usize, usize) -> usize,
        out: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let (area, of_each) = (height * width, self.size[0] * self.size[1]);
        let outputs = out.len() / of_each;
        let Scratch { plane, sums, weights } = scratch;
        plane.resize(self.plane.len() + LANES, T::zero());
        // The only part lies in the result as it is summed.
        let is_result = self.stride == [1, 1];
        if is_result {
            out.fill(T::zero());
        }
        sums.resize(if is_result { 0 } else { self.parts.len() }, Vec::new());
        for (part, sums) in self.parts.iter().zip(&mut *sums) {
            sums.clear();
            sums.resize(outputs * part.len(), T::zero());
        }
        for (channel, image) in planes.chunks_exact(area.max(1)).enumerate() {
            self.plane.write(image, width, plane);
            let mut add = |part: &Part, sums: &mut [T]| {
                for (output, sums) in sums.chunks_exact_mut(part.len()).enumerate() {
                    let weight = &weight[weight_at(output, channel)..][..self.places];
                    weights.clear();
                    weights.extend(part.places.iter().map(|&place| weight[place]));
                    generic::add_shifted(plane, part.rows(&self.plane), &part.offsets, weights, sums);
                }
            };
            match is_result {
                true => add(&self.parts[0], out),
                false => self.parts.iter().zip(&mut *sums).for_each(|(part, sums)| add(part, sums)),
            }
        }
        for (part, sums) in self.parts.iter().zip(&*sums) {
            for (out, sums) in out.chunks_exact_mut(of_each).zip(sums.chunks_exact(part.len())) {
                for (row, sums) in sums.chunks_exact(part.size[1]).enumerate() {
                    let first = (part.first[0] + row * self.stride[0]) * self.size[1] + part.first[1];
                    out[first..].iter_mut().step_by(self.stride[1]).zip(sums).for_each(|(to, &x)| *to = x);
                }
            }
        }
    }

    /// Adds to the gradient of the weight of a convolution what its image and the gradient of its result multiply to.
    pub fn add_products<T: Real>(&self, image: &[T], [height, width]: [usize; 2], gradient: &[T], out: &mut [T]) {
        let [part] = &self.parts[..] else { panic!("a convolution has one part") };
        let of_each = self.size[0] * self.size[1];
        let len = ((part.size[0] - 1) * self.plane.size[1] + part.size[1]).next_multiple_of(LANES);
        // With zeros behind each row, where the plane goes on.
        let mut gradients = vec![T::zero(); gradient.len() / of_each.max(1) * len];
        for (gradient, to) in gradient.chunks_exact(of_each).zip(gradients.chunks_exact_mut(len)) {
            let rows = gradient.chunks_exact(self.size[1]).zip(to.chunks_mut(self.plane.size[1]));
            rows.for_each(|(row, to)| to[..row.len()].copy_from_slice(row));
        }
        let (mut plane, channels) = (vec![T::zero(); self.plane.len() + LANES], image.len() / (height * width).max(1));
        for (channel, image) in image.chunks_exact((height * width).max(1)).enumerate() {
            self.plane.write(image, width, &mut plane);
            for (output, gradient) in gradients.chunks_exact(len).enumerate() {
                let sums = &mut out[(output * channels + channel) * self.places..][..self.places];
                generic::shifted_dots(gradient, &plane, &part.offsets, sums);
            }
        }
    }
}
