//! Convolutions: products with the windows of an image, which are written as the columns of a matrix.

use super::direct::Direct;
use super::few_channels::{Scratch, Shifted};
use crate::backend::{Float, Number, Real, Windows};
use crate::cpu::array::Array;
use crate::cpu::kernels::{Matrix, all_widened, generic, product_work, write};
use crate::cpu::memory::copy_every;
use crate::cpu::parallel::{cores, for_each_chunk};
use std::ops::Range;

/// Of fewer rows, a product takes less time than to write the columns: planes are shifted and summed instead.
const FEW_ROWS: usize = 4;

/// What the windows in one row of them have at one place.
struct Row {
    /// Where the row of windows begins among those that are asked for.
    start: usize,
    /// The windows that have it inside of the image.
    inside: Range<usize>,
    /// Where in the image the first of these has it.
    first: usize,
}

/// What the windows make of an image of `[height, width]`.
struct Columns<'a> {
    windows: &'a Windows,
    image: [usize; 2],
    /// For each place in a window the windows, down and across, that have it inside of the image.
    inside: Vec<[Range<usize>; 2]>,
}

impl<'a> Columns<'a> {
    fn new(windows: &'a Windows, image: [usize; 2]) -> Self {
        let [height, width] = windows.size;
        let of = |at: usize| [windows.inside(0, at / width, image[0]), windows.inside(1, at % width, image[1])];
        Columns { windows, image, inside: (0..height * width).map(of).collect() }
    }

    /// How many places a window has.
    fn places(&self) -> usize {
        self.inside.len()
    }

    /// How many windows there are.
    fn count(&self) -> usize {
        self.windows.count.iter().product()
    }

    fn area(&self) -> usize {
        self.image.iter().product()
    }

    /// Whether the columns are the image itself.
    fn is_image(&self) -> bool {
        let Windows { size, count, stride, padding, .. } = *self.windows;
        (size, stride, padding, count) == ([1, 1], [1, 1], [0, 0], self.image)
    }

    /// As sums of shifted planes, if there are few rows and no windows that are the image itself.
    fn shifted(&self, rows: usize, shifted: fn(&Windows, [usize; 2]) -> Option<Shifted>) -> Option<Shifted> {
        if rows < FEW_ROWS && !self.is_image() { shifted(self.windows, self.image) } else { None }
    }

    /// What some rows of windows have at one place.
    fn rows(&self, at: usize, of: Range<usize>, mut f: impl FnMut(Row)) {
        let Windows { size: [_, width], count: [_, across], stride, padding, dilation } = *self.windows;
        let ([down, inside], place) = (&self.inside[at], [at / width, at % width]);
        let along = |axis: usize, window: usize| window * stride[axis] + place[axis] * dilation[axis] - padding[axis];
        for row in of.clone() {
            let is_inside = down.contains(&row) && !inside.is_empty();
            let first = if is_inside { along(0, row) * self.image[1] + along(1, inside.start) } else { 0 };
            let inside = if is_inside { inside.clone() } else { 0..0 };
            f(Row { start: (row - of.start) * across, inside, first });
        }
    }

    /// A row of the columns: what the windows of some rows of them have at one place.
    fn write_row<T: Copy>(&self, image: &[T], at: usize, of: Range<usize>, fill: T, to: &mut [T]) {
        let (across, stride) = (self.windows.count[1], self.windows.stride[1]);
        self.rows(at, of, |Row { start, inside, first }| {
            let to = &mut to[start..][..across];
            to[..inside.start].fill(fill);
            to[inside.end..].fill(fill);
            copy_every(stride, &mut to[inside], &image[first..]);
        });
    }

    /// The columns, `(places, count)`.
    fn write<T: Copy>(&self, image: &[T], fill: T, columns: &mut [T]) {
        for (at, row) in columns.chunks_exact_mut(self.count().max(1)).enumerate() {
            self.write_row(image, at, 0..self.windows.count[0], fill, row);
        }
    }

    /// Adds columns to the image that they are of.
    fn add<T: Real>(&self, columns: &[T], image: &mut [T]) {
        for (at, row) in columns.chunks_exact(self.count().max(1)).enumerate() {
            self.rows(at, 0..self.windows.count[0], |Row { start, inside, first }| {
                let (row, image) = (&row[start..][inside], &mut image[first..]);
                match self.windows.stride[1] {
                    1 => image.iter_mut().zip(row).for_each(|(to, &x)| *to = *to + x),
                    stride => image.iter_mut().step_by(stride).zip(row).for_each(|(to, &x)| *to = *to + x),
                }
            });
        }
    }

    /// The columns of so many channels, written or as they lie.
    fn with<T: Real>(&self, channels: &[T], number: usize, f: impl FnOnce(&[T])) {
        if self.is_image() {
            return f(channels);
        }
        let columns = write_planes(self, channels, number, T::zero());
        f(columns.as_slice().expect("it was made row-major"))
    }
}

/// The columns of each of these planes, `(planes, places, count)`.
fn write_planes<T: Number>(columns: &Columns<'_>, planes: &[T], number: usize, fill: T) -> Array<T> {
    let area = columns.area();
    let size = columns.places() * columns.count();
    Array::build(&[number, columns.places(), columns.count()], |out| {
        for_each_chunk(out, size, size, |plane, out| columns.write(&planes[plane * area..][..area], fill, out));
    })
}

/// Writes each chunk: cores take chunks, a few small ones at a time, or share each where there are few.
fn for_each_product<T: Real>(
    out: &mut [T],
    chunk: usize,
    work: usize,
    f: impl Fn(usize, &mut [T], &mut Scratch<T>) + Sync,
) {
    /// Elements that are written with what is allocated once.
    const TOGETHER: usize = 1 << 13;
    let chunk = chunk.max(1);
    let together = (TOGETHER / chunk).clamp(1, (out.len() / chunk / cores()).max(1));
    let all = |first: usize, out: &mut [T]| {
        let mut scratch = Scratch::default();
        out.chunks_mut(chunk).zip(first * together..).for_each(|(out, i)| f(i, out, &mut scratch));
    };
    if out.len() / chunk >= cores() {
        return for_each_chunk(out, together * chunk, together * work, all);
    }
    all(0, out);
}

/// See [`Backend::windows`](crate::backend::Backend::windows).
pub fn windows<T: Number>(x: &Array<T>, windows: &Windows, fill: T) -> Array<T> {
    let [outer @ .., height, width] = x.sizes() else { panic!("windows slide over two axes") };
    let columns = Columns::new(windows, [*height, *width]);
    let found = write_planes(&columns, &x.elements(), outer.iter().product(), fill);
    found.reshape(&[outer, &windows.size, &windows.count].concat())
}

/// What windows are of, with all of them added to zeros: the backward pass of [`windows`].
pub fn add_windows<T: Float>(gradient: &Array<T>, windows: &Windows, sizes: &[usize]) -> Array<T> {
    let [.., height, width] = sizes else { panic!("windows slide over two axes") };
    let columns = Columns::new(windows, [*height, *width]);
    let (area, size) = (columns.area(), columns.places() * columns.count());
    let elements = gradient.elements();
    let elements = all_widened(&elements);
    Array::build(sizes, |out| {
        write(out, |out| {
            for_each_chunk(out, area, size, |plane, image| {
                image.fill(num_traits::zero());
                columns.add(&elements[plane * size..][..size], image);
            });
        });
    })
}

/// Adds its bias to each channel of so many elements.
fn add_bias<T: Real>(bias: Option<&[T]>, first: usize, size: usize, out: &mut [T]) {
    if let Some(bias) = bias {
        out.chunks_mut(size.max(1)).zip(&bias[first..]).for_each(|(out, &bias)| {
            out.iter_mut().for_each(|out| *out = *out + bias);
        });
    }
}

/// See [`Backend::convolution`](crate::backend::Backend::convolution).
pub fn convolution<T: Float>(
    x: &Array<T>,
    weight: &Array<T>,
    bias: Option<&Array<T>>,
    groups: usize,
    windows: &Windows,
) -> Array<T> {
    let (&[batch, _, height, width], &[outputs, inputs, ..]) = (x.sizes(), weight.sizes()) else {
        panic!("a convolution takes arrays of four axes");
    };
    let columns = Columns::new(windows, [height, width]);
    let (area, places) = (columns.area(), columns.places());
    let [m, k, n] = [outputs.checked_div(groups).unwrap_or(0), inputs * places, columns.count()];
    let (x, weight, bias) = (x.elements(), weight.elements(), bias.map(Array::elements));
    let (x, weight, bias) = (all_widened(&x), all_widened(&weight), bias.as_deref().map(all_widened));
    let shifted = columns.shifted(m, Shifted::convolution);
    let is_direct = shifted.is_none() && !columns.is_image();
    let direct = if is_direct { Direct::new(windows, columns.image, [m, inputs]) } else { None };
    let convolve = |i: usize, out: &mut [T::Wide], scratch: &mut Scratch<T::Wide>| {
        let (group, image) = (i % groups, &x[i * inputs * area..][..inputs * area]);
        let weight = &weight[group * m * k..][..m * k];
        match (&shifted, &direct) {
            (Some(shifted), _) => {
                let weight_at = |output: usize, channel: usize| output * k + channel * places;
                shifted.apply(image, columns.image, weight, weight_at, out, scratch);
            }
            (_, Some(direct)) => direct.apply(image, columns.image, weight, out),
            _ => columns.with(image, inputs, |columns| {
                let (a, b) =
                    (Matrix { elements: weight, strides: [k, 1] }, Matrix { elements: columns, strides: [n, 1] });
                generic::multiply([m, k, n], a, b, out);
            }),
        }
        add_bias(bias.as_deref(), group * m, n, out);
    };
    Array::build(&[batch, outputs, windows.count[0], windows.count[1]], |out| {
        write(out, |out| for_each_product(out, m * n, product_work([m, k, n]), convolve));
    })
}

/// See [`Backend::transposed_convolution`](crate::backend::Backend::transposed_convolution).
pub fn transposed<T: Float>(
    x: &Array<T>,
    weight: &Array<T>,
    bias: Option<&Array<T>>,
    groups: usize,
    windows: &Windows,
    image: [usize; 2],
) -> Array<T> {
    let (&[batch, channels, ..], &[_, outputs, ..]) = (x.sizes(), weight.sizes()) else {
        panic!("a convolution takes arrays of four axes");
    };
    let columns = Columns::new(windows, image);
    let (area, places) = (columns.area(), columns.places());
    let [m, k, n] = [channels.checked_div(groups).unwrap_or(0), outputs * places, columns.count()];
    let (x, weight, bias) = (x.elements(), weight.elements(), bias.map(Array::elements));
    let (x, weight, bias) = (all_widened(&x), all_widened(&weight), bias.as_deref().map(all_widened));
    let shifted = columns.shifted(m, Shifted::transposed);
    let convolve = |i: usize, out: &mut [T::Wide], scratch: &mut Scratch<T::Wide>| {
        let (group, x) = (i % groups, &x[i * m * n..][..m * n]);
        let weight = &weight[group * m * k..][..m * k];
        let multiply = |out: &mut [T::Wide]| {
            let (a, b) = (Matrix { elements: weight, strides: [1, k] }, Matrix { elements: x, strides: [n, 1] });
            generic::multiply([k, m, n], a, b, out);
        };
        if columns.is_image() {
            multiply(out);
        } else if let Some(shifted) = &shifted {
            shifted.apply(x, windows.count, weight, |output, channel| channel * k + output * places, out, scratch);
        } else {
            let products = Array::<T::Wide>::build(&[k, n], multiply);
            let products = products.as_slice().expect("it was made row-major");
            for_each_chunk(out, area, places * n, |output, image| {
                image.fill(num_traits::zero());
                columns.add(&products[output * places * n..][..places * n], image);
            });
        }
        add_bias(bias.as_deref(), group * outputs, area, out);
    };
    let [height, width] = image;
    Array::build(&[batch, groups * outputs, height, width], |out| {
        write(out, |out| for_each_product(out, outputs * area, product_work([m, k, n]), convolve));
    })
}

/// The gradient of the weight of a convolution of `x`: of each element, the sum of what its inputs and outputs multiply to.
pub fn of_weight<T: Float>(x: &Array<T>, gradient: &Array<T>, groups: usize, windows: &Windows) -> Array<T> {
    let (&[batch, channels, height, width], &[_, outputs, ..]) = (x.sizes(), gradient.sizes()) else {
        panic!("a convolution takes arrays of four axes");
    };
    let columns = Columns::new(windows, [height, width]);
    let (area, places) = (columns.area(), columns.places());
    let [m, inputs] = [outputs, channels].map(|all| all.checked_div(groups).unwrap_or(0));
    let (k, n) = (inputs * places, columns.count());
    let (x, gradient) = (x.elements(), gradient.elements());
    let (x, gradient) = (all_widened(&x), all_widened(&gradient));
    let shifted = columns.shifted(m, Shifted::convolution);
    let sum = |group: usize, out: &mut [T::Wide], _: &mut Scratch<T::Wide>| {
        out.fill(num_traits::zero());
        let of = |sample: usize| {
            let i = sample * groups + group;
            (&x[i * inputs * area..][..inputs * area], &gradient[i * m * n..][..m * n])
        };
        if let Some(shifted) = &shifted {
            (0..batch).map(of).for_each(|(image, gradient)| shifted.add_products(image, columns.image, gradient, out));
            // There, zeros are multiplied by what they do not meet here.
            if out.iter().all(|x| num_traits::Float::is_finite(*x)) {
                return;
            }
            out.fill(num_traits::zero());
        }
        let mut part = vec![num_traits::zero(); m * k];
        for (image, gradient) in (0..batch).map(of) {
            columns.with(image, inputs, |columns| {
                let (a, b) =
                    (Matrix { elements: gradient, strides: [n, 1] }, Matrix { elements: columns, strides: [1, n] });
                generic::multiply([m, n, k], a, b, &mut part);
            });
            out.iter_mut().zip(&part).for_each(|(out, &part)| *out = *out + part);
        }
    };
    Array::build(&[outputs, inputs, windows.size[0], windows.size[1]], |out| {
        write(out, |out| for_each_product(out, m * k, product_work([m, k, n]).saturating_mul(batch), sum));
    })
}

#[cfg(test)]
mod tests;
