//! The letters of a pattern of `einsum!`: whether each stands for one dimension.

use crate::dim::Dim;
use crate::shape::Shape;

/// What a relation gives where it holds.
#[doc(hidden)]
pub enum Agree {}

/// What it gives nowhere. It is there so that the compiler leaves open what a relation gives that does not hold: one error
/// says so, and no other follows.
#[doc(hidden)]
pub enum Disagree {}

/// That a letter is the same dimension in both tensors. What it gives is `Before` then. (A word has a trait of its own, which
/// `einsum!` declares: a type can be called by a letter.)
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "{LETTER} is `{Self}` in the first tensor and `{Other}` in the second",
    label = "{LETTER} is not one dimension",
    note = "a letter of the pattern stands for the same dimension wherever it appears",
    note = "explained in `congruent::errors::C20`: https://docs.rs/congruent/latest/congruent/errors/C20/"
)]
pub trait SameLetter<const LETTER: char, Other, Before> {
    type Holds;
}
#[diagnostic::do_not_recommend]
impl<const LETTER: char, D: Dim, Before> SameLetter<LETTER, D, Before> for D {
    type Holds = Before;
}
#[diagnostic::do_not_recommend]
impl<const LETTER: char, D: Dim, Before> SameLetter<LETTER, Disagree, Before> for D {
    type Holds = Disagree;
}

/// The shape of a result, which is open as long as a relation is.
#[doc(hidden)]
pub trait Agreed<Output> {
    type Output: Shape;
    fn agreed(output: Output) -> Self::Output;
}
#[diagnostic::do_not_recommend]
impl<Output: Shape> Agreed<Output> for (Agree, Agree) {
    type Output = Output;
    fn agreed(output: Output) -> Output {
        output
    }
}
#[diagnostic::do_not_recommend]
impl<Output> Agreed<Output> for (Agree, Disagree) {
    type Output = ();
    fn agreed(_: Output) {}
}
#[diagnostic::do_not_recommend]
impl<Output, Last> Agreed<Output> for (Disagree, Last) {
    type Output = ();
    fn agreed(_: Output) {}
}
