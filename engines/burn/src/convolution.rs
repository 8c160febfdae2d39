//! Convolutions, and windows. They were tried on flex alone: elsewhere they are composed.

use crate::array::{Array, Kind};
use crate::interface::is_flex;
use burn_backend::ops::{ConvOptions, ConvTransposeOptions, FloatTensorOps, IntTensorOps, ModuleOps};
use burn_backend::{Scalar, Slice};
use burn_dispatch::{Dispatch, DispatchTensor};
use congruent::backend::Windows;

const FEW_CHANNELS: usize = 8;

/// How many elements of an axis windows reach over, from the begin of the first to the end of the last; none if there are more
/// than can be counted.
fn reach(windows: &Windows, axis: usize) -> Option<usize> {
    let steps = windows.count[axis].checked_sub(1)?.checked_mul(windows.stride[axis])?;
    let size = windows.size[axis].checked_sub(1)?.checked_mul(windows.dilation[axis])?;
    steps.checked_add(size)?.checked_add(1)
}

/// Of an axis of this length, what is left behind the last window, and how far that goes beyond the end.
fn end(windows: &Windows, axis: usize, length: usize) -> Option<(usize, usize)> {
    let (reach, padded) = (reach(windows, axis)?, length.checked_add(windows.padding[axis])?);
    Some((padded.saturating_sub(reach), reach.saturating_sub(padded)))
}

fn four(x: &Array) -> [usize; 4] {
    x.sizes().try_into().expect("images and weights have four axes")
}

impl Array {
    /// The array without what no window reaches, and how much padding there is behind it, along the two last axes.
    fn reached(&self, windows: &Windows) -> Option<(Array, [usize; 2])> {
        let outer = self.sizes().len() - 2;
        let (mut x, mut padding) = (self.clone(), [0; 2]);
        for (axis, padding) in padding.iter_mut().enumerate() {
            let length = self.sizes()[outer + axis];
            let (unused, beyond) = end(windows, axis, length)?;
            // Windows that lie in padding alone are for nobody to ask for quickly.
            x = x.narrow(outer + axis, 0, length.checked_sub(unused).filter(|left| *left > 0)?);
            *padding = beyond;
        }
        Some((x, padding))
    }

    /// See [`Backend::convolution`](congruent::backend::Backend::convolution); nothing, if burn has none of these sizes.
    pub(crate) fn convolution(
        &self,
        weight: &Array,
        bias: Option<&Array>,
        groups: usize,
        windows: &Windows,
    ) -> Option<Array> {
        self.meets("convolution", weight);
        bias.iter().for_each(|bias| self.meets("convolution", bias));
        let sizes = [four(self)[0], four(weight)[0], windows.count[0], windows.count[1]];
        if [self, weight].iter().any(|x| x.sizes().contains(&0)) || sizes.contains(&0) {
            return None;
        }
        // Products of windows take two thirds of the time where these are of one axis, or of few channels.
        let is_small = windows.size[0] == 1 || four(weight)[1] < FEW_CHANNELS;
        if !is_flex(self.place()) || groups == 1 && is_small {
            return None;
        }
        let (x, after) = self.reached(windows)?;
        let like = self.without(&sizes, self.dtype()).calculated_of(bias.into_iter().chain([weight]));
        let like = like.with_room("convolution");
        if like.failed().is_some() {
            return Some(like);
        }
        let padding = [0, 1].map(|axis| (windows.padding[axis], after[axis]));
        let options = ConvOptions::new_with_padding(windows.stride, padding, windows.dilation, groups);
        let (x, weight, bias) = (x.tensor()?, weight.tensor()?, bias.and_then(Array::tensor));
        Some(like.holding(Some(Dispatch::conv2d(x, weight, bias, options))))
    }

    /// See [`Backend::transposed_convolution`](congruent::backend::Backend::transposed_convolution); nothing, if burn has none of
    /// these sizes.
    pub(crate) fn transposed_convolution(
        &self,
        weight: &Array,
        bias: Option<&Array>,
        groups: usize,
        windows: &Windows,
        image: [usize; 2],
    ) -> Option<Array> {
        self.meets("transposed_convolution", weight);
        bias.iter().for_each(|bias| self.meets("transposed_convolution", bias));
        if !is_flex(self.place()) {
            return None;
        }
        let outputs = four(weight)[1].checked_mul(groups)?;
        let sizes = [four(self)[0], outputs, image[0], image[1]];
        if [self, weight].iter().any(|x| x.sizes().contains(&0)) || sizes.contains(&0) {
            return None;
        }
        let mut behind = [0; 2];
        for axis in 0..2 {
            // Burn takes as much off the end as off the begin, and puts a number of elements behind that.
            let cut = (2 * windows.padding[axis]).checked_add(image[axis])?;
            behind[axis] = cut.checked_sub(reach(windows, axis)?)?;
        }
        let like = self.without(&sizes, self.dtype()).calculated_of(bias.into_iter().chain([weight]));
        let like = like.with_room("transposed_convolution");
        if like.failed().is_some() {
            return Some(like);
        }
        let options = ConvTransposeOptions::new(windows.stride, windows.padding, behind, windows.dilation, groups);
        let (x, weight, bias) = (self.tensor()?, weight.tensor()?, bias.and_then(Array::tensor));
        Some(like.holding(Some(Dispatch::conv_transpose2d(x, weight, bias, options))))
    }

    /// See [`Backend::windows`](congruent::backend::Backend::windows), of a constant; nothing, if burn has none of these sizes.
    pub(crate) fn windows(&self, windows: &Windows, fill: Scalar) -> Option<Array> {
        if !is_flex(self.place()) {
            return None;
        }
        let outer = self.sizes().len().checked_sub(2)?;
        let sizes = [&self.sizes()[..outer], &windows.size[..], &windows.count[..]].concat();
        if self.sizes().contains(&0) || sizes.contains(&0) {
            return None;
        }
        let like = self.without(&sizes, self.dtype()).with_room("windows");
        if like.failed().is_some() {
            return Some(like);
        }
        let (x, after) = self.reached(windows)?;
        let mut padded = x.sizes().to_vec();
        let mut starts = vec![0; outer];
        for axis in 0..2 {
            padded[outer + axis] = padded[outer + axis].checked_add(windows.padding[axis])?.checked_add(after[axis])?;
            starts.push(windows.padding[axis]);
        }
        let x = if padded == x.sizes() { x } else { x.full(fill, &padded).update_slice(&x, &starts) };
        let is_float = self.kind() == Kind::Float;
        let mut tensor = x.tensor()?;
        for axis in 0..2 {
            let whole = (windows.size[axis] - 1) * windows.dilation[axis] + 1;
            tensor = match is_float {
                true => Dispatch::float_unfold(tensor, outer + axis, whole, windows.stride[axis]),
                false => Dispatch::int_unfold(tensor, outer + axis, whole, windows.stride[axis]),
            };
        }
        // The windows, and then the places in each, of which a dilation leaves some out.
        let before = (0..outer + 2).map(|_| Slice::full());
        let places = windows.dilation.map(|dilation| Slice::with_step(0, None, dilation as isize));
        let slices: Vec<Slice> = before.chain(places).collect();
        let order: Vec<usize> = (0..outer).chain([outer + 2, outer + 3, outer, outer + 1]).collect();
        let of = |x: DispatchTensor| match is_float {
            true => Dispatch::float_permute(Dispatch::float_slice(x, &slices), &order),
            false => Dispatch::int_permute(Dispatch::int_slice(x, &slices), &order),
        };
        Some(like.holding(Some(of(tensor))))
    }
}
