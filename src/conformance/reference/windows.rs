//! Windows and convolutions, element by element.

use super::Near;
use crate::backend::Windows;
use crate::conformance::sample::Sample;

/// Where the element `at` of a window lies along an axis.
fn position(windows: &Windows, axis: usize, window: usize, at: usize, length: usize) -> Option<usize> {
    let [stride, padding, dilation] = [windows.stride, windows.padding, windows.dilation].map(|of| of[axis] as i64);
    let position = window as i64 * stride + at as i64 * dilation - padding;
    (0..length as i64).contains(&position).then_some(position as usize)
}

pub fn windows<T: Copy>(x: &Sample<T>, windows: &Windows, fill: T) -> Sample<T> {
    let outer = x.rank() - 2;
    let sizes = [&x.sizes[..outer], &windows.size, &windows.count].concat();
    Sample::from_fn(&sizes, |index| {
        let along = |axis: usize| {
            let (at, window) = (index[outer + axis], index[outer + 2 + axis]);
            position(windows, axis, window, at, x.sizes[outer + axis])
        };
        match (along(0), along(1)) {
            (Some(row), Some(column)) => x.at(&[&index[..outer], &[row, column]].concat()),
            _ => fill,
        }
    })
}

/// What a convolution goes over: the sizes of the batch, of the groups, and of the channels of each group, of windows and of
/// images; the sizes of an image, and the windows.
#[derive(Clone, Copy, Debug)]
pub struct Convolved {
    pub batch: usize,
    pub groups: usize,
    pub outputs: usize,
    pub inputs: usize,
    pub image: [usize; 2],
    pub windows: Windows,
}

impl Convolved {
    pub fn images(&self) -> [usize; 4] {
        [self.batch, self.groups * self.inputs, self.image[0], self.image[1]]
    }

    pub fn counted(&self) -> [usize; 4] {
        let [down, across] = self.windows.count;
        [self.batch, self.groups * self.outputs, down, across]
    }

    pub fn weight(&self) -> [usize; 4] {
        let [down, across] = self.windows.size;
        [self.groups * self.outputs, self.inputs, down, across]
    }

    /// Each element of an image, the element of the windows' channels that has it, and the weight between the two.
    fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
        fn at(sizes: [usize; 4], index: [usize; 4]) -> usize {
            (0..4).fold(0, |at, axis| at * sizes[axis] + index[axis])
        }
        let (images, counted, weight) = (self.images(), self.counted(), self.weight());
        for (b, group) in (0..self.batch).flat_map(|b| (0..self.groups).map(move |group| (b, group))) {
            for (output, input) in (0..self.outputs).flat_map(|o| (0..self.inputs).map(move |i| (o, i))) {
                let (output, channel) = (group * self.outputs + output, group * self.inputs + input);
                for (i, n) in (0..weight[2]).flat_map(|i| (0..counted[2]).map(move |n| (i, n))) {
                    let Some(row) = position(&self.windows, 0, n, i, self.image[0]) else { continue };
                    for (j, m) in (0..weight[3]).flat_map(|j| (0..counted[3]).map(move |m| (j, m))) {
                        let Some(column) = position(&self.windows, 1, m, j, self.image[1]) else { continue };
                        f(
                            at(images, [b, channel, row, column]),
                            at(counted, [b, output, n, m]),
                            at(weight, [output, input, i, j]),
                        );
                    }
                }
            }
        }
    }

    /// A convolution of `x` by a weight, or a transposed one.
    pub fn expected(&self, x: &[Sample<f64>], is_transposed: bool) -> Sample<Near> {
        let sizes = if is_transposed { self.images() } else { self.counted() };
        let bias = |at: usize| x.get(2).map(|bias| bias.elements[at / (sizes[2] * sizes[3]) % sizes[1]]);
        let count = sizes.iter().product();
        let mut found: Vec<Near> = (0..count).map(|at| Near::sum(bias(at).into_iter())).collect();
        let mut add = |to: usize, term: f64| {
            let Near { value, scale } = found[to];
            found[to] = Near { value: value + term, scale: scale + term.abs() };
        };
        self.each(|image, counted, weight| match is_transposed {
            false => add(counted, x[0].elements[image] * x[1].elements[weight]),
            true => add(image, x[0].elements[counted] * x[1].elements[weight]),
        });
        Sample::new(&sizes, found)
    }
}
