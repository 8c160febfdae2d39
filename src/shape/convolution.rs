//! Convolutions and pooling: channels, and the axes behind them along which windows slide.

use super::{Never, Nothing, Shape};
use crate::dim::{Dim, N, Times};
use crate::sealed::Sealed;

/// All channels in one group: each output is made of all inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OneGroup;

/// That channels in such groups are convolved as the caller says.
#[diagnostic::on_unimplemented(
    message = "channels in the groups `{Groups}` are not convolved as `{Self}`",
    label = "expected the groups `{Groups}`",
    note = "groups stand in the types of both, `(Batch, Times<Groups, In>, Time)` by `(Times<Groups, Out>, In, Kernel)`, and are named: `Sliding::default().groups(Groups)`",
    note = "in one group, each output is made of all inputs: the weight is `(Out, Times<Groups, In>, Kernel)`",
    note = "explained in `congruent::errors::C101`: https://docs.rs/congruent/latest/congruent/errors/C101/"
)]
pub trait SaidOf<Groups> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<Groups> SaidOf<Groups> for Groups {
    fn sealed(_: Sealed) {}
}

/// That a tensor of the shape is convolved by a weight, so that `Out` is in the place of what windows slide along:
/// `(B, In, L)` by `(Out, In, Kernel)`, `(B, In, H, W)` by `(Out, In, KernelH, KernelW)`.
#[diagnostic::on_unimplemented(
    message = "cannot convolve `{Self}` by a weight `{Weight}`",
    label = "the second dimension of both has to be the channels that go in",
    note = "channels stand before what windows slide along: `(Batch, In, Time)` by `(Out, In, Kernel)`, `(Batch, In, Height, Width)` by `(Out, In, KernelH, KernelW)`; channels that are last get there by `x.permute((Batch, In, Time))`",
    note = "of groups, `(Batch, Times<Groups, In>, Time)` by `(Times<Groups, Out>, In, Kernel)` with `.groups(Groups)`: each group takes its own channels; for one axis there is one output dimension, for two a pair",
    note = "explained in `congruent::errors::C78`: https://docs.rs/congruent/latest/congruent/errors/C78/"
)]
pub trait Convolve<Weight, Groups, Out>: Slide<Out> {
    /// The channels that come out.
    type Outputs: Dim;
    /// The sizes of a window: a dimension, or two.
    type Kernel;
    /// The shape of the result.
    type Output: Shape;
    /// The shape of the result, and the number of groups.
    fn convolved(self, weight: Weight, out: Out) -> (Self::Output, usize);
}

/// As [`Convolve`], where each element is added to its window of the result: the weight is `(In, Out, Kernel)`.
#[diagnostic::on_unimplemented(
    message = "cannot convolve `{Self}` by a transposed weight `{Weight}`",
    label = "the second dimension of the tensor and the first of the weight have to be the channels that go in",
    note = "the weight of a transposed convolution begins with the channels that go in: `(Batch, In, Time)` by `(In, Out, Kernel)`; channels that are last get there by `x.permute((Batch, In, Time))`",
    note = "of groups, `(Batch, Times<Groups, In>, Time)` by `(Times<Groups, In>, Out, Kernel)` with `.groups(Groups)`",
    note = "explained in `congruent::errors::C78`: https://docs.rs/congruent/latest/congruent/errors/C78/"
)]
pub trait ConvolveTransposed<Weight, Groups, Out>: Slide<Out> {
    /// The channels that come out.
    type Outputs: Dim;
    /// The sizes of a window: a dimension, or two.
    type Kernel;
    /// The shape of the result.
    type Output: Shape;
    /// The shape of the result, and the number of groups.
    fn convolved(self, weight: Weight, out: Out) -> (Self::Output, usize);
}

/// That windows slide along what stands behind the channels of a shape, so that `Out` is in its place: one dimension of
/// `(B, C, L)`, two of `(B, C, H, W)`.
#[diagnostic::on_unimplemented(
    message = "windows do not slide over `{Self}` into `{Out}`",
    label = "expected `(Batch, Channels, Length)` and one dimension, or `(Batch, Channels, Height, Width)` and a pair",
    note = "channels stand before what windows slide along: those that are last get there by `x.permute((Batch, Channels, Time))`",
    note = "explained in `congruent::errors::C82`: https://docs.rs/congruent/latest/congruent/errors/C82/"
)]
pub trait Slide<Out>: Shape {
    /// The channels.
    type Channels: Dim;
    /// What windows slide along: a dimension, or two.
    type Lengths: Copy;
    /// The first of two, else of size 1.
    type Height: Dim;
    /// The last.
    type Width: Dim;
    /// The shape with `Out` in their place.
    type Slid: Shape;
    /// The shape with `out` in their place.
    fn slid(self, out: Out) -> Self::Slid;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

macro_rules! slides { ($(
    [$($L:ident)*] [$($K:ident)*] [$($O:ident)*] $Lengths:ty, $Kernel:ty, $Out:ty, $Height:ty, $Width:ty;
)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case, unused_parens)]
    impl<Batch: Dim, Channels: Dim, $($L: Dim,)* $($O: Dim,)*> Slide<$Out> for (Batch, Channels, $($L,)*) {
        type Channels = Channels;
        type Lengths = $Lengths;
        type Height = $Height;
        type Width = $Width;
        type Slid = (Batch, Channels, $($O,)*);
        fn slid(self, ($($O),*): $Out) -> Self::Slid {
            (self.0, self.1, $($O,)*)
        }
        fn sealed(_: Sealed) {}
    }
    slides! { @one Convolve [$($L)*] [$($K)*] [$($O)*] $Kernel, $Out, (Into, In), |weight| weight.0 }
    slides! { @one ConvolveTransposed [$($L)*] [$($K)*] [$($O)*] $Kernel, $Out, (In, Into), |weight| weight.1 }
    slides! { @grouped Convolve [$($L)*] [$($K)*] [$($O)*] $Kernel, $Out, (Times<Groups, Into>, In), |weight| weight.0.1 }
    slides! {
        @grouped ConvolveTransposed [$($L)*] [$($K)*] [$($O)*] $Kernel, $Out, (Times<Groups, In>, Into), |weight| weight.1
    }
)*};
    (@one $Relation:ident [$($L:ident)*] [$($K:ident)*] [$($O:ident)*] $Kernel:ty, $Out:ty, ($First:ty, $Second:ty), |$weight:ident| $into:expr) => {
        #[diagnostic::do_not_recommend]
        #[allow(non_snake_case, unused_parens)]
        impl<Batch: Dim, In: Dim, Into: Dim, $($L: Dim,)* $($K: Dim,)* $($O: Dim,)*>
            $Relation<($First, $Second, $($K,)*), OneGroup, $Out> for (Batch, In, $($L,)*)
        {
            type Outputs = Into;
            type Kernel = $Kernel;
            type Output = (Batch, Into, $($O,)*);
            fn convolved(self, $weight: ($First, $Second, $($K,)*), ($($O),*): $Out) -> (Self::Output, usize) {
                ((self.0, $into, $($O,)*), 1)
            }
        }
    };
    (@grouped $Relation:ident [$($L:ident)*] [$($K:ident)*] [$($O:ident)*] $Kernel:ty, $Out:ty, ($First:ty, $Second:ty), |$weight:ident| $into:expr) => {
        #[diagnostic::do_not_recommend]
        #[allow(non_snake_case, unused_parens)]
        impl<Batch: Dim, Groups: Dim, In: Dim, Into: Dim, $($L: Dim,)* $($K: Dim,)* $($O: Dim,)*>
            $Relation<($First, $Second, $($K,)*), Groups, $Out> for (Batch, Times<Groups, In>, $($L,)*)
        {
            type Outputs = Times<Groups, Into>;
            type Kernel = $Kernel;
            type Output = (Batch, Times<Groups, Into>, $($O,)*);
            fn convolved(self, $weight: ($First, $Second, $($K,)*), ($($O),*): $Out) -> (Self::Output, usize) {
                let groups = self.1.0;
                ((self.0, Times(groups, $into), $($O,)*), groups.size())
            }
        }
    };
}
slides! {
    [L] [K] [O] L, K, O, N<1>, L;
    [H W] [J K] [O P] (H, W), (J, K), (O, P), H, W;
}

/// That the shape is that of images with channels `C`: `(batch, C, height, width)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `(batch, {C}, height, width)`",
    label = "expected images `(batch, {C}, height, width)`",
    note = "channels stand before height and width, where they are last by `x.permute((Batch, Colours, Height, Width))`; one image gets a batch by `x.expand(Batch)`",
    note = "explained in `congruent::errors::C126`: https://docs.rs/congruent/latest/congruent/errors/C126/"
)]
pub trait Images<C>: Shape {
    /// The images.
    type Batch: Dim;
    /// The rows of each.
    type Height: Dim;
    /// The columns.
    type Width: Dim;
    /// The dimensions, one by one.
    fn dims(self) -> (Self::Batch, C, Self::Height, Self::Width);
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<B: Dim, C: Dim, H: Dim, W: Dim> Images<C> for (B, C, H, W) {
    type Batch = B;
    type Height = H;
    type Width = W;
    fn dims(self) -> Self {
        self
    }
    fn sealed(_: Sealed) {}
}

// Else the compiler would take the one weight that fits for granted, and the one dimension or the pair.
macro_rules! never { ($($Never:ident: $($Relation:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape> Slide<$Never> for S {
        type Channels = N<0>;
        type Lengths = N<0>;
        type Height = N<0>;
        type Width = N<0>;
        type Slid = ();
        fn slid(self, out: $Never) {
            match out {}
        }
        fn sealed(_: Sealed) {}
    }
    $(never! { @weight $Relation $Never })*
)*};
    (@weight $Relation:ident $Never:ident) => {
    #[diagnostic::do_not_recommend]
    impl<S: Slide<Out>, Groups, Out> $Relation<$Never, Groups, Out> for S {
        type Outputs = N<0>;
        type Kernel = N<0>;
        type Output = ();
        fn convolved(self, weight: $Never, _: Out) -> ((), usize) {
            match weight {}
        }
    }
    };
}
never! {
    Never: Convolve ConvolveTransposed;
    Nothing: Convolve ConvolveTransposed;
}
