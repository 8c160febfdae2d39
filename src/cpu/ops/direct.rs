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
    /// too, for each of the outputs.
    pub fn new(windows: &Windows, image: [usize; 2], [outputs, inputs]: [usize; 2]) -> Option<Self> {
        /// To write a column takes as long as its product with so many rows.
        const ROWS: usize = 32;
        let (plane, [down, across]) = (Plane::of_windows(windows, image)?, windows.count);
        let between = plane.size[1] - across;
        if down > 1 && outputs.saturating_mul(between) > ROWS * across || outputs == 0 || inputs == 0 {
            return None;
        }
        let ([height, width], dilation) = (windows.size, windows.dilation);
        let run = if windows.stride[1] == 1 { width } else { 1 };
        let places = (0..height).flat_map(|i| (0..width).step_by(run).map(move |j| [i * dilation[0], j * dilation[1]]));
        let offsets: Vec<usize> = places.map(|place| plane.offset(place)).collect();
        let starts = (0..inputs).flat_map(|channel| offsets.iter().map(move |offset| (channel, offset)));
        let starts = starts.map(|(channel, offset)| channel * plane.len() + offset).collect();
        // The windows of one row are shared one by one.
        let [together, apart, times] = if down == 1 { [1, 1, across] } else { [across, plane.size[1], down] };
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
        let Direct { starts, run, step, together, apart, times, .. } = self;
        let (together, apart, times) = (*together, *apart, *times);
        let (k, n) = (starts.len() * run, together * times);
        let m = out.len() / n;
        let planes = self.planes(image, size);
        let items = (m * apart * times).div_ceil(SUMS).next_multiple_of(cores());
        let mut at_once = times.div_ceil(items);
        if together == 1 {
            at_once = at_once.next_multiple_of(READ_BEYOND);
        }
        for_each_columns(out, n, 0..n, at_once * together, product_work([m, k, at_once * apart]), |mut out| {
            let [first, count] = [out.columns().start, out.columns().len()].map(|columns| columns / together);
            let a = Matrix { elements: weight, strides: [k, 1] };
            let (b, runs) = (&planes.as_slice()[first * apart..], RowRuns { starts, run: *run, step: *step });
            if apart == together {
                return generic::multiply_runs(a, b, runs, out);
            }
            let width = (count - 1) * apart + together;
            let mut sums = Elements::arbitrary(m * width);
            let sums = sums.get_mut().expect("new elements have one holder");
            generic::multiply_runs(a, b, runs, ColumnsMut::new(sums, width, 0..width));
            for (output, sums) in sums.chunks_exact(width).enumerate() {
                for (row, sums) in sums.chunks(apart).enumerate() {
                    let start = (first + row) * together;
                    out.row(output, start..start + together).copy_from_slice(&sums[..together]);
                }
            }
        });
    }
}
