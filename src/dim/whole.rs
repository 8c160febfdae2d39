//! Dimensions of which each rank has all positions.

use super::Dim;

/// A dimension of which each rank has all positions.
///
/// What reads across an axis asks for it, beside [`Dense`](super::Dense), of which it is a part: generic code asks for that one.
///
/// # Safety
/// No position of the dimension is on another rank alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may be one rank's part, and this operation would take it for the whole",
    label = "the parts of the other ranks would be left out",
    note = "a sum, or a product over it, is pending until all ranks add theirs: `x.partial_sum(axis).all_reduce()`, `x.partial_mean(axis)`, `x.partial_matmul(&w)`",
    note = "`x.all_gather(axis)` gives each rank all positions, `x.broadcast_at(axis, position)?` one of them; a layer along it is a `Linear`, which adds what the ranks have",
    note = "in generic code, ask for a dimension that is whole: `S: Whole`, or whole and without padding: `S: Dense`",
    note = "explained in `congruent::errors::C110`: https://docs.rs/congruent/latest/congruent/errors/C110/"
)]
pub unsafe trait Whole: Dim {}
