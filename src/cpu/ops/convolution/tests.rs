//! Convolutions beside sums over each window, of few channels and of more.

use super::*;
use crate::Rng;
use crate::backend::Value;
use crate::cpu::testing::assert_near;

struct Case {
    batch: usize,
    groups: usize,
    /// Of each group.
    inputs: usize,
    outputs: usize,
    image: [usize; 2],
    windows: Windows,
}

impl Case {
    /// The windows that fit an image.
    fn new([batch, groups, inputs, outputs]: [usize; 4], image: [usize; 2], windows: Windows) -> Self {
        let mut windows = windows;
        for (axis, len) in image.into_iter().enumerate() {
            let whole = (windows.size[axis] - 1) * windows.dilation[axis] + 1;
            let padded = len + 2 * windows.padding[axis];
            windows.count[axis] = padded.checked_sub(whole).map_or(0, |rest| rest / windows.stride[axis] + 1);
        }
        Case { batch, groups, inputs, outputs, image, windows }
    }

    /// Calls `f` with the positions of each product of three: in the input, the weight and the output.
    fn products(&self, mut f: impl FnMut([usize; 3])) {
        let Case { batch, groups, inputs, outputs, image: [height, width], windows } = self;
        let ([down, across], [rows, columns]) = (windows.count, windows.size);
        let flat = |at: [usize; 4], [_, b, c, d]: [usize; 4]| ((at[0] * b + at[1]) * c + at[2]) * d + at[3];
        let all = [*batch, *groups, *outputs, *inputs, down, across, rows, columns];
        for mut at in 0..all.iter().product() {
            let mut index = [0; 8];
            for axis in (0..8).rev() {
                (index[axis], at) = (at % all[axis], at / all[axis]);
            }
            let [sample, group, output, input, n, m, i, j] = index;
            let (y, x) = (windows.position(0, n, i, *height), windows.position(1, m, j, *width));
            let (Some(y), Some(x)) = (y, x) else { continue };
            let (from, to) = (group * inputs + input, group * outputs + output);
            f([
                flat([sample, from, y, x], [0, groups * inputs, *height, *width]),
                flat([to, input, i, j], [0, *inputs, rows, columns]),
                flat([sample, to, n, m], [0, groups * outputs, down, across]),
            ]);
        }
    }

    /// The input, the weight, and the output or its gradient.
    fn sizes(&self) -> [[usize; 4]; 3] {
        let Case { batch, groups, inputs, outputs, image: [height, width], windows } = *self;
        [
            [batch, groups * inputs, height, width],
            [groups * outputs, inputs, windows.size[0], windows.size[1]],
            [batch, groups * outputs, windows.count[0], windows.count[1]],
        ]
    }

    fn check<T: Float>(&self, tolerance: f64) {
        let mut rng = Rng::with_seed(1);
        let numbers = self.sizes().map(|sizes| {
            let count = sizes.iter().product();
            std::iter::repeat_with(|| rng.f64() - 0.5).take(count).collect::<Vec<f64>>()
        });
        let narrow = |&x: &f64| T::from_value(Value::Float(x));
        let of = |which: usize| Array::from_vec(numbers[which].iter().map(narrow).collect(), &self.sizes()[which]);
        let [mut of_input, mut of_weight, mut of_output] = numbers.each_ref().map(|x| vec![0.0; x.len()]);
        let [input, weight, output] = &numbers;
        self.products(|[i, w, o]| {
            of_output[o] += input[i] * weight[w];
            of_input[i] += output[o] * weight[w];
            of_weight[w] += output[o] * input[i];
        });
        let (groups, windows) = (self.groups, &self.windows);
        let found = [
            (transposed(&of(2), &of(1), None, groups, windows, self.image), of_input),
            (super::of_weight(&of(0), &of(2), groups, windows), of_weight),
            (convolution(&of(0), &of(1), None, groups, windows), of_output),
        ];
        for (which, (found, expected)) in found.into_iter().enumerate() {
            assert_eq!(found.sizes(), self.sizes()[which]);
            assert_near(&found, &expected, tolerance);
        }
    }
}

fn cases() -> Vec<Case> {
    let channels = [[1, 3, 1, 1], [2, 2, 1, 2], [2, 1, 3, 2], [1, 2, 2, 3], [1, 1, 5, 5]];
    let mut windows = Vec::new();
    for (size, stride) in [([3, 3], [1, 1]), ([3, 3], [2, 2]), ([1, 4], [1, 3]), ([2, 5], [2, 1]), ([1, 1], [2, 2])] {
        for (padding, dilation) in
            [([0, 0], [1, 1]), ([1, 1], [1, 1]), ([1, 3], [2, 1]), ([2, 2], [2, 3]), ([0, 4], [1, 2])]
        {
            windows.push(Windows { size, count: [0; 2], stride, padding, dilation });
        }
    }
    let mut cases = Vec::new();
    for windows in windows {
        for (i, image) in [[7, 9], [1, 20], [5, 5], [16, 3]].into_iter().enumerate() {
            cases.push(Case::new(channels[(i + cases.len()) % 5], image, windows));
            cases.push(Case::new(channels[0], image, windows));
        }
    }
    cases
}

#[test]
fn convolutions_and_their_gradients_are_sums_over_windows() {
    for case in cases().into_iter().step_by(if cfg!(miri) { 41 } else { 1 }) {
        // Sums of at most 320 products of numbers below a half.
        case.check::<f32>(2e-5);
        case.check::<f64>(1e-12);
    }
}

#[test]
fn what_no_window_has_does_not_spread() {
    // The last column of the image is in no window at the first places of these.
    let windows = Windows { size: [1, 2], count: [1, 3], stride: [1, 1], padding: [0, 0], dilation: [1, 1] };
    let x = Array::from_vec(vec![1.0f32, 2.0, 3.0, f32::NAN], &[1, 1, 1, 4]);
    let gradient = Array::from_vec(vec![1.0f32, 1.0, 1.0], &[1, 1, 1, 3]);
    let found = of_weight(&x, &gradient, 1, &windows);
    assert_eq!(found.elements()[0], 6.0);
    assert!(found.elements()[1].is_nan());
    // Two rows, so that behind the first one the plane goes on where the gradient has ended.
    let windows = Windows { size: [1, 2], count: [2, 1], stride: [1, 1], padding: [0, 0], dilation: [1, 1] };
    let x = Array::from_vec(vec![1.0f32, f32::INFINITY, 3.0, 4.0], &[1, 1, 2, 2]);
    let gradient = Array::from_vec(vec![1.0f32, 1.0], &[1, 1, 2, 1]);
    assert_eq!(of_weight(&x, &gradient, 1, &windows).elements()[..], [4.0, f32::INFINITY]);
}
