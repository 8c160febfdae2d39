//! Planes of images, laid out so that what consecutive windows have at one place lies one after another.

use crate::backend::Windows;
use crate::cpu::memory::copy_every;

/// A plane in a buffer: with the padding, and with rows and columns that are a stride apart beside each other.
pub struct Plane {
    /// The strides: there are so many planes of every so many rows and columns.
    pub stride: [usize; 2],
    /// The zeros before the first row and column.
    pub before: [usize; 2],
    /// The rows and columns of each of these planes.
    pub size: [usize; 2],
}

impl Plane {
    /// A plane, unless it has far more elements than what it is of and for.
    pub fn new(stride: [usize; 2], before: [usize; 2], size: [usize; 2], elements: usize) -> Option<Self> {
        /// Beyond this, most of the plane is padding.
        const MOST: usize = 4;
        let len = stride.into_iter().chain(size).try_fold(1, usize::checked_mul)?;
        (len <= elements.saturating_mul(MOST)).then_some(Plane { stride, before, size })
    }

    /// What windows slide over, unless most of it is padding.
    pub fn of_windows(windows: &Windows, image: [usize; 2]) -> Option<Self> {
        let Windows { size, count, stride, padding, dilation } = *windows;
        let mut reached = [0; 2];
        for axis in 0..2 {
            count[axis].checked_sub(1)?;
            let last = size[axis].checked_sub(1)?.checked_mul(dilation[axis])?;
            reached[axis] = count[axis].checked_add(last / stride[axis])?;
        }
        let elements = image[0].checked_mul(image[1])?.checked_add(count[0] * count[1])?;
        Plane::new(stride, padding, reached, elements)
    }

    pub fn len(&self) -> usize {
        self.stride[0] * self.stride[1] * self.area()
    }

    fn area(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Where the element lies that so many rows and columns of padding and image come before.
    pub fn offset(&self, [row, column]: [usize; 2]) -> usize {
        let [down, across] = self.stride;
        if self.stride == [1, 1] {
            // Divisions by what the compiler does not know take longer than to copy a row.
            return row * self.size[1] + column;
        }
        (row % down * across + column % across) * self.area() + row / down * self.size[1] + column / across
    }

    /// Writes an image with rows of this length, and not the padding.
    pub fn write<T: Copy>(&self, image: &[T], width: usize, to: &mut [T]) {
        let ([top, left], [rows, columns], [down, across]) = (self.before, self.size, self.stride);
        let width_inside = width.min((columns * across).saturating_sub(left));
        let height_inside = (rows * down).saturating_sub(top);
        for (row, image) in image.chunks_exact(width.max(1)).take(height_inside).enumerate() {
            let image = &image[..width_inside];
            for first in 0..across.min(width_inside) {
                let to = &mut to[self.offset([top + row, left + first])..];
                copy_every(across, &mut to[..(width_inside - first).div_ceil(across)], &image[first..]);
            }
        }
    }
}
