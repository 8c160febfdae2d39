//! Convolutions as products with planes that are written once, with their padding: the rows of the matrix, what the windows have at one
//! place each, are parts of them.

use super::plane::Plane;
use crate::backend::{Real, Windows};
use crate::cpu::kernels::{Matrix, READ_BEYOND, RowRuns, generic, product_work};
use crate::cpu::memory::Elements;
use crate::cpu::parallel::{ColumnsMut, cores, for_each_chunk, for_each_columns};

/// A convolution of several channels.
pub struct Direct {
    plane: Plane,
    inputs: usize,
    /// Where the rows of the matrix begin: as of [`RowRuns`].
    starts: Vec<usize>,
    run: usize,
    step: usize,
    /// How many windows lie together in a plane, how far on the next ones are, and how often.
    together: usize,
    apart: usize,
    times: usize,
}

impl Direct {
    /// A convolution of an image, unless it takes less time to write the columns: what lies between the rows of windows is multiplied
    /// too, for each of the outputs, and the rows of the matrix lie in as many pages of memory.
    pub fn new(windows: &Windows, image: [usize; 2], [outputs, inputs]: [usize; 2]) -> Option<Self> {
        /// To write a column takes as long as its product with so many rows.
        const ROWS: usize = 32;
        /// A run takes longer than in a packed matrix by so much of the product with one row.
        const RUN: usize = 3;
        let (plane, [down, across]) = (Plane::of_windows(windows, image)?, windows.count);
        let ([height, width], dilation) = (windows.size, windows.dilation);
        let run = if windows.stride[1] == 1 { width } else { 1 };
        let between = plane.size[1] - across;
        let more = if down == 1 { 0 } else { between } + across / (RUN * run);
        if outputs.saturating_mul(more) > ROWS * across || outputs == 0 || inputs == 0 {
            return None;
        }
        let places = (0..height).flat_map(|i| (0..width).step_by(run).map(move |j| [i * dilation[0], j * dilation[1]]));
        let offsets: Vec<usize> = places.map(|place| plane.offset(place)).collect();
        let starts = (0..inputs).flat_map(|channel| offsets.iter().map(move |offset| (channel, offset)));
        let starts = starts.map(|(channel, offset)| channel * plane.len() + offset).collect();
        // Where nothing lies between the rows of windows, they are one.
        let [together, apart, times] =
            if down == 1 || between == 0 { [down * across, 0, 1] } else { [across, plane.size[1], down] };
        Some(Direct { plane, inputs, starts, run, step: dilation[1], together, apart, times })
    }

    /// The planes of an image.
    fn planes<T: Real>(&self, image: &[T], [height, width]: [usize; 2]) -> Elements<T> {
        let (len, area) = (self.plane.len(), height * width);
        let mut planes = Elements::arbitrary(self.inputs * len + READ_BEYOND);
        let to = planes.get_mut().expect("new elements have one holder");
        let (all, behind) = to.split_at_mut(self.inputs * len);
        behind.fill(T::zero());
        for_each_chunk(all, len, 2 * len, |channel, to| {
            to.fill(T::zero());
            self.plane.write(&image[channel * area..][..area], width, to);
        });
        planes
    }

    /// The convolution of an image of so many rows and columns with a weight `(outputs, inputs, height, width)`.
    pub fn apply<T: Real>(&self, image: &[T], size: [usize; 2], weight: &[T], out: &mut [T]) {
        /// The most sums of a work item, which stay in the L2 cache.
        const SUMS: usize = 1 << 15;
        /// To copy a sum takes as long as so many products.
        const COPY: usize = 8;
        let &Direct { ref starts, run, step, together, apart, times, .. } = self;
        let (k, n) = (starts.len() * run, together * times);
        let m = out.len() / n;
        let planes = self.planes(image, size);
        let multiply = |first: usize, out: ColumnsMut<'_, T>| {
            let (a, b) = (Matrix { elements: weight, strides: [k, 1] }, &planes.as_slice()[first..]);
            generic::multiply_runs(a, b, RowRuns { starts, run, step }, out);
        };
        if times == 1 {
            let columns = n.div_ceil(2 * cores()).next_multiple_of(READ_BEYOND);
            let work = product_work([m, k, columns]);
            return for_each_columns(out, n, 0..n, columns, work, |out| multiply(out.columns().start, out));
        }
        let rows = times.div_ceil((m * apart * times).div_ceil(SUMS).next_multiple_of(cores()));
        let work = product_work([m, k, rows * apart]);
        // Several rows of windows are multiplied as one, and the sums copied, unless that takes longer than what is left over of the tiles
        // of each row.
        let left_over = together.next_multiple_of(READ_BEYOND) - together;
        let is_by_rows = k * left_over <= k * (apart - together) + COPY * together;
        for_each_columns(out, n, 0..n, rows * together, work, |mut out| {
            let range = out.columns().start / together..out.columns().end / together;
            if is_by_rows {
                return range.for_each(|row| multiply(row * apart, out.part(row * together..(row + 1) * together)));
            }
            let width = (range.len() - 1) * apart + together;
            let mut sums = Elements::arbitrary(m * width);
            let sums = sums.get_mut().expect("new elements have one holder");
            multiply(range.start * apart, ColumnsMut::new(sums, width, 0..width));
            for (output, sums) in sums.chunks_exact(width).enumerate() {
                for (row, sums) in range.clone().zip(sums.chunks(apart)) {
                    out.row(output, row * together..(row + 1) * together).copy_from_slice(&sums[..together]);
                }
            }
        });
    }
}
