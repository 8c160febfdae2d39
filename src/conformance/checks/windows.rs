//! Windows, and convolutions.

use crate::backend::{Backend, Engine, Float, Windows};
use crate::conformance::case::{Case, float};
use crate::conformance::on::On;
use crate::conformance::reference::Near;
use crate::conformance::reference::windows::{Convolved, windows};
use crate::conformance::sample::numbers;
use crate::conformance::view::Maker;

/// All windows that fit along an axis, counted one by one.
fn fitting(length: usize, size: usize, stride: usize, padding: usize, dilation: usize) -> usize {
    let ends_inside = |window: &usize| window * stride + (size.max(1) - 1) * dilation < length + 2 * padding;
    (0..).take_while(ends_inside).count()
}

/// Images, and the windows in them.
fn sliding(image: [usize; 2], size: [usize; 2], [stride, padding, dilation]: [[usize; 2]; 3]) -> ([usize; 2], Windows) {
    let count = [0, 1].map(|i| fitting(image[i], size[i], stride[i], padding[i], dilation[i]));
    (image, Windows { size, count, stride, padding, dilation })
}

const ONE: [usize; 2] = [1, 1];
const NONE: [usize; 2] = [0, 0];

fn all() -> Vec<([usize; 2], Windows)> {
    vec![
        sliding([5, 6], [3, 3], [ONE, ONE, ONE]),
        // Along one axis: dilated, and padded.
        sliding([1, 9], [1, 4], [[1, 2], [0, 1], [1, 2]]),
        sliding([4, 5], [3, 2], [[2, 1], [1, 0], ONE]),
        // Strides beyond the windows.
        sliding([7, 8], [2, 2], [[3, 4], NONE, ONE]),
        sliding([3, 4], ONE, [ONE, NONE, ONE]),
        // Windows that lie in the padding.
        sliding([2, 3], [2, 1], [[1, 2], [3, 2], [2, 1]]),
        // None, of no elements, and in nothing.
        sliding([2, 5], [3, 2], [ONE, NONE, ONE]),
        sliding([3, 2], [0, 1], [ONE, NONE, ONE]),
        sliding([0, 3], [2, 2], [ONE, ONE, ONE]),
    ]
}

/// The batch, the groups, and the inputs and outputs of each.
const CHANNELS: [[usize; 4]; 7] =
    [[2, 1, 2, 3], [1, 3, 1, 1], [1, 2, 2, 5], [2, 1, 3, 17], [0, 1, 2, 5], [1, 1, 0, 4], [1, 2, 1, 0]];

pub fn cases<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for (number, (image, sliding)) in all().into_iter().enumerate() {
        let with = format!("{sliding:?}");
        let sizes = [&[2, 3][..number % 3], &image].concat();
        let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::windows(&x[0], sliding, float(0.5));
        let expected = move |x: &[_]| windows(&x[0], &sliding, 0.5).map(Near::relative);
        cases.push(Case::new("windows", &with, [numbers(&sizes, 1)], run, expected));
        // Every channel with some windows, and all windows with some channels.
        let channels = [CHANNELS[number % CHANNELS.len()], CHANNELS[(number + 2) % CHANNELS.len()]];
        for (at, [batch, groups, inputs, outputs]) in channels.into_iter().enumerate() {
            let of = Convolved { batch, groups, outputs, inputs, image, windows: sliding };
            let has_bias = (at + number) % 2 == 0;
            let with = format!("{groups} groups, bias {has_bias}, {sliding:?}");
            let inputs_of = |x: [usize; 4], channels: usize| {
                let mut inputs = vec![numbers::<T>(&x, 2), numbers(&of.weight(), 3)];
                inputs.extend(has_bias.then(|| numbers(&[channels], 4)));
                inputs
            };
            let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::convolution(&x[0], &x[1], x.get(2), groups, sliding);
            let inputs = inputs_of(of.images(), of.counted()[1]);
            cases.push(Case::new("convolution", &with, inputs, run, move |x| of.expected(x, false)));
            let run = move |_: &Maker<E>, x: Vec<_>| {
                On::<E, T>::transposed_convolution(&x[0], &x[1], x.get(2), groups, sliding, image)
            };
            let inputs = inputs_of(of.counted(), of.images()[1]);
            cases.push(Case::new("transposed_convolution", with, inputs, run, move |x| of.expected(x, true)));
        }
    }
    cases
}
