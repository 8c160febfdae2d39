//! How windows slide: what convolutions and pooling are told, and how many windows there are.

use super::{AtLeast, StepOf};
use crate::Error;
use crate::backend::Windows;
use crate::dim::{Counted, Dim, N, Never, Nothing, Plus, Times};
use crate::sealed::Sealed;
use crate::shape::{OneGroup, Shape};

/// How windows slide, in PyTorch's words: for convolutions and pooling.
///
/// A number is a dimension, `N::<2>`, or where lengths are compared at run time a `usize`; for two axes it may be a pair.
///
/// ```
/// use congruent::Sliding;
/// use congruent::prelude::*;
/// let sliding = Sliding::default().stride((N::<2>, N::<1>)).padding(N::<1>);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sliding<Stride = N<1>, Padding = N<0>, Dilation = N<1>, Groups = OneGroup> {
    /// How far each window is behind the last.
    pub stride: Stride,
    /// How many positions of padding are at each end.
    pub padding: Padding,
    /// How far the positions of a window are apart.
    pub dilation: Dilation,
    /// The groups of channels of a convolution, each of which is convolved by itself.
    pub groups: Groups,
}

impl Default for Sliding {
    fn default() -> Self {
        Sliding { stride: N, padding: N, dilation: N, groups: OneGroup }
    }
}

impl<Stride, Padding, Dilation, Groups> Sliding<Stride, Padding, Dilation, Groups> {
    /// Each window this far behind the last.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::Sliding;
    /// dims! { Batch = 1; Channels = 1; Time = 4; Frames = 2; }
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[1.0, 2.0, 3.0, 4.0]]]);
    /// assert_eq!(x.max_pool(N::<2>, Frames, Sliding::default().stride(N::<2>)).to_vec(), [2.0, 4.0]);
    /// ```
    pub fn stride<S>(self, stride: S) -> Sliding<S, Padding, Dilation, Groups> {
        let Sliding { padding, dilation, groups, .. } = self;
        Sliding { stride, padding, dilation, groups }
    }

    /// So many positions of padding at each end: of a convolution and a mean they are zeros, of a maximum -∞.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::Sliding;
    /// dims! { Batch = 1; Channels = 1; Time = 3; }
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[1.0, 2.0, 3.0]]]);
    /// // As many windows of three as positions.
    /// assert_eq!(x.max_pool(N::<3>, Time, Sliding::default().padding(N::<1>)).to_vec(), [2.0, 3.0, 3.0]);
    /// ```
    pub fn padding<P>(self, padding: P) -> Sliding<Stride, P, Dilation, Groups> {
        let Sliding { stride, dilation, groups, .. } = self;
        Sliding { stride, padding, dilation, groups }
    }

    /// The positions of a window so far apart.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::Sliding;
    /// dims! { Batch = 1; Channels = 1; Time = 4; Frames = 2; }
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[4.0, 3.0, 2.0, 1.0]]]);
    /// // Each window has a position and the one after the next.
    /// let weight = Tensor::ones((N::<1>, Channels, N::<2>));
    /// assert_eq!(x.conv(&weight, None, Frames, Sliding::default().dilation(N::<2>)).to_vec(), [6.0, 4.0]);
    /// ```
    pub fn dilation<D>(self, dilation: D) -> Sliding<Stride, Padding, D, Groups> {
        let Sliding { stride, padding, groups, .. } = self;
        Sliding { stride, padding, dilation, groups }
    }

    /// Channels in groups: those that go in are `Times<Groups, In>`, those that come out `Times<Groups, Out>`. A convolution of each
    /// channel by itself (depthwise) has `Times<Channels, N<1>>`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::Sliding;
    /// dims! { Batch = 1; Channels = 2; Time = 2; Kernel = 2; }
    /// // Each channel by itself: it has one input and one output.
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[1.0, 2.0], [3.0, 4.0]]]).relabel(Channels, Times(Channels, N::<1>));
    /// let weight = Tensor::ones((Times(Channels, N::<1>), N::<1>, Kernel));
    /// assert_eq!(x.conv(&weight, None, N::<1>, Sliding::default().groups(Channels)).to_vec(), [3.0, 7.0]);
    /// ```
    pub fn groups<G: Dim>(self, groups: G) -> Sliding<Stride, Padding, Dilation, G> {
        let Sliding { stride, padding, dilation, .. } = self;
        Sliding { stride, padding, dilation, groups }
    }
}

/// A number for each axis that windows slide along, which are as many as `Out` has dimensions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number for `{Out}`",
    label = "expected a dimension, a `usize`, or for two axes a pair of one of these",
    note = "a number that the compiler is to know is a dimension: `.stride(N::<2>)`, for two axes also `.stride((N::<2>, N::<1>))`; others are a `usize`, or for two axes `[usize; 2]`, and lengths are compared by `try_conv` and its like",
    note = "explained in `congruent::errors::C81`: https://docs.rs/congruent/latest/congruent/errors/C81/"
)]
pub trait PerAxis<Out>: Copy {
    /// For the first axis of two, and for the last.
    fn numbers(self) -> [usize; 2];
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! per_axis { ($([$($generics:tt)*] $Number:ty: $Out:ty, |$number:ident| $numbers:expr;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<$($generics)*> PerAxis<$Out> for $Number {
        fn numbers(self) -> [usize; 2] {
            let $number = self;
            $numbers
        }
        fn sealed(_: Sealed) {}
    }
)*} }
per_axis! {
    [D: Dim, Out] D: Out, |number| [number.size(); 2];
    [Out] usize: Out, |number| [number; 2];
    [A: Dim, B: Dim, O, P] (A, B): (O, P), |numbers| [numbers.0.size(), numbers.1.size()];
    [O, P] [usize; 2]: (O, P), |numbers| numbers;
    // Else the compiler would take a pair for granted.
    [A: Dim, B: Dim] (A, B): Never, |_numbers| [0; 2];
    [A: Dim, B: Dim] (A, B): Nothing, |_numbers| [0; 2];
    [] [usize; 2]: Never, |_numbers| [0; 2];
    [] [usize; 2]: Nothing, |_numbers| [0; 2];
}

/// That windows of a size, sliding along `Lengths`, are as many as the dimension, known at compile time. Of two axes, each is a
/// pair.
#[diagnostic::on_unimplemented(
    message = "windows of `{Kernel}` along `{Lengths}` are not known to be `{Self}`",
    label = "`{Self}` is not known to be their number, with stride `{Stride}`, padding `{Padding}`, dilation `{Dilation}`",
    note = "the last window begins a stride for each of the others behind the first, and ends inside; one more would not: 8 positions with a padding of 1 have 8 windows of 3, and with a stride of 2 they have 4; of a transposed convolution, the result is what has so many windows",
    note = "stride, padding and dilation are dimensions here, `.stride(N::<2>)`; what only run time knows is compared by `x.try_conv(..)?`, `x.try_conv_transpose(..)?`, `x.try_max_pool(..)?` and `x.try_avg_pool(..)?`",
    note = "in generic code, compare by these too, or ask for it: `{Self}: CountsWindows<{Lengths}, {Kernel}, {Stride}, {Padding}, {Dilation}>`",
    note = "explained in `congruent::errors::C79`: https://docs.rs/congruent/latest/congruent/errors/C79/"
)]
pub trait CountsWindows<Lengths, Kernel, Stride, Padding, Dilation> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

/// What the padded axis has more than it has positions, and what a window takes of it: both are longer by a dilation, so that
/// nothing is subtracted.
type PaddedLength<L, Padding, Dilation> = Plus<Plus<Counted<L>, Times<N<2>, Padding>>, Dilation>;
type Reach<Kernel, Dilation> = Plus<Times<Kernel, Dilation>, N<1>>;

#[diagnostic::do_not_recommend]
impl<Out: Dim, L: Dim, Kernel: Dim, Stride, Padding: Dim, Dilation> CountsWindows<L, Kernel, Stride, Padding, Dilation>
    for Out
where
    Dilation: AtLeast<N<1>>,
    Stride: StepOf<PaddedLength<L, Padding, Dilation>, Out, Reach<Kernel, Dilation>>,
{
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<O, P, H, W, Kernel, Stride, Padding, Dilation> CountsWindows<(H, W), Kernel, Stride, Padding, Dilation> for (O, P)
where
    Kernel: Pair,
    Stride: Pair,
    Padding: Pair,
    Dilation: Pair,
    O: CountsWindows<H, Kernel::First, Stride::First, Padding::First, Dilation::First>,
    P: CountsWindows<W, Kernel::Second, Stride::Second, Padding::Second, Dilation::Second>,
{
    fn sealed(_: Sealed) {}
}

/// A dimension for each of two axes, which may be one.
pub trait Pair {
    type First;
    type Second;
}
impl<D: Dim> Pair for D {
    type First = D;
    type Second = D;
}
impl<A: Dim, B: Dim> Pair for (A, B) {
    type First = A;
    type Second = B;
}

impl<Stride, Padding, Dilation, Groups> Sliding<Stride, Padding, Dilation, Groups> {
    /// The windows of these sizes and numbers, for one axis or two.
    pub(super) fn windows<Out>(self, kernel: &[usize], count: &[usize]) -> Windows
    where
        Stride: PerAxis<Out>,
        Padding: PerAxis<Out>,
        Dilation: PerAxis<Out>,
    {
        let of_two = |of: [usize; 2], alone| if kernel.len() == 1 { [alone, of[1]] } else { of };
        Windows {
            size: last_two(kernel),
            count: last_two(count),
            stride: of_two(self.stride.numbers(), 1),
            padding: of_two(self.padding.numbers(), 0),
            dilation: of_two(self.dilation.numbers(), 1),
        }
    }
}

/// The sizes of the last two of some axes, or of one.
pub(super) fn last_two(sizes: &[usize]) -> [usize; 2] {
    match sizes {
        [.., height, width] => [*height, *width],
        [width] => [1, *width],
        [] => [1, 1],
    }
}

/// That windows along what stands behind the first two dimensions of `image` are as many as `counted` says.
///
/// # Errors
/// A stride or a dilation is 0, or there are more or fewer.
pub(super) fn check<Image: Shape, Counted: Shape>(image: Image, windows: &Windows) -> Result<(), Error> {
    let (lengths, (names, counted_names)) = (image.sizes().as_ref().to_vec(), (Image::names(), Counted::names()));
    // For one axis, the numbers are the last.
    for (at, axis) in (2..lengths.len()).zip(4 - lengths.len()..) {
        let [stride, padding, dilation] = [windows.stride, windows.padding, windows.dilation].map(|of| of[axis]);
        for (setting, number) in [("stride", stride), ("dilation", dilation)] {
            if number == 0 {
                return Err(Error::Setting { setting, expected: "at least 1", found: number.to_string() });
            }
        }
        let (length, size) = (lengths[at], windows.size[axis]);
        // Wide numbers, since no sum of those below goes beyond them.
        let [length_of, padding_of, size_of, step, apart] =
            [length, padding, size, stride, dilation].map(|number| number as u128);
        let left = (length_of + 2 * padding_of + apart).checked_sub(size_of * apart + 1);
        let fitting = left.map_or(0, |left| usize::try_from(left / step + 1).unwrap_or(usize::MAX));
        if windows.count[axis] != fitting {
            return Err(Error::WindowCount {
                dimension: names[at].clone(),
                length,
                padding,
                size,
                step: stride,
                dilation,
                fitting,
                windows: counted_names[at].clone(),
                found: windows.count[axis],
            });
        }
    }
    Ok(())
}
