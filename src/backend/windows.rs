//! Windows over the two last axes of an array.

use std::ops::Range;

/// Windows that slide over the two last axes, `[height, width]`. What slides over one axis alone has windows of size 1 along the
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How many elements a window has along each axis.
    pub size: [usize; 2],
    /// How many windows there are.
    pub count: [usize; 2],
    /// How far each is behind the last: at least 1.
    pub stride: [usize; 2],
    /// How far before the first element the first window begins.
    pub padding: [usize; 2],
    /// How far the elements of a window are apart.
    pub dilation: [usize; 2],
}

impl Windows {
    /// Where along an axis of this length the element `at` of a window lies; nowhere, if that is padding.
    ///
    /// ```
    /// use congruent::backend::Windows;
    /// let (size, count) = ([1, 3], [1, 4]);
    /// let windows = Windows { size, count, stride: [1, 2], padding: [0, 1], dilation: [1, 1] };
    /// // The first window begins in the padding, the second at the second element of eight.
    /// assert_eq!([0, 1].map(|window| windows.position(1, window, 0, 8)), [None, Some(1)]);
    /// ```
    pub fn position(&self, axis: usize, window: usize, at: usize, length: usize) -> Option<usize> {
        let [first, behind] = [window.saturating_mul(self.stride[axis]), at.saturating_mul(self.dilation[axis])];
        first.saturating_add(behind).checked_sub(self.padding[axis]).filter(|position| *position < length)
    }

    /// The window whose element `at` lies at a position, if there is one.
    ///
    /// ```
    /// use congruent::backend::Windows;
    /// let (size, count) = ([1, 3], [1, 4]);
    /// let windows = Windows { size, count, stride: [1, 2], padding: [0, 1], dilation: [1, 1] };
    /// assert_eq!([1, 2].map(|position| windows.window_at(1, position, 0)), [Some(1), None]);
    /// ```
    pub fn window_at(&self, axis: usize, position: usize, at: usize) -> Option<usize> {
        let first = position.saturating_add(self.padding[axis]);
        let first = first.checked_sub(at.saturating_mul(self.dilation[axis]))?;
        let window = first / self.stride[axis];
        (first % self.stride[axis] == 0 && window < self.count[axis]).then_some(window)
    }

    /// The windows whose element `at` lies inside an axis of this length.
    ///
    /// ```
    /// use congruent::backend::Windows;
    /// let (size, count) = ([1, 3], [1, 4]);
    /// let windows = Windows { size, count, stride: [1, 2], padding: [0, 1], dilation: [1, 1] };
    /// // The first element of the first window is padding.
    /// assert_eq!(windows.inside(1, 0, 8), 1..4);
    /// ```
    pub fn inside(&self, axis: usize, at: usize, length: usize) -> Range<usize> {
        let (behind, padding) = (at.saturating_mul(self.dilation[axis]), self.padding[axis]);
        let reaching = |end: usize| end.saturating_sub(behind).div_ceil(self.stride[axis]).min(self.count[axis]);
        reaching(padding)..reaching(padding.saturating_add(length))
    }
}
