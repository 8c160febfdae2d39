//! The shapes of ids beside those of what they choose from.

use super::{Append, Concat, Never, Nothing, Shape};
use crate::dim::{Dim, Table, TablePart};
use crate::sealed::Sealed;

/// That the shape is that of `Ids`, and behind it `D`, or a rank's part of it.
#[diagnostic::on_unimplemented(
    message = "ids `{Ids}` of `{D}` do not choose from `{Self}`",
    label = "expected the shape of the ids, and behind it what they are ids of, or a rank's part of that",
    note = "one id is chosen for each row: ids `(Batch, Seq)` of `Vocab` choose from `(Batch, Seq, Vocab)`; losses of next tokens shift the tokens by themselves",
    note = "where there is one id for a whole sequence, its positions become one before: `x.mean(Seq)`, `x.at(Seq, 0)?`, of padded ones `x.masked_mean(&lengths)`",
    note = "ids, and labels, are of what all ranks have together: of `Vocab`, and not of `Shard<Vocab, M>`, for a rank's part of logits too",
    note = "in generic code, ask for a vocabulary: `V: Vocabulary`, whose ids are of `V::Whole`; or for a dimension that each rank has all of: `V: Dense`",
    note = "explained in `congruent::errors::C31`: https://docs.rs/congruent/latest/congruent/errors/C31/"
)]
pub trait Rows<Ids, D>: Shape {
    /// The part of the last dimension that this rank has; nothing if each rank has all.
    #[doc(hidden)]
    fn table_part(self) -> Option<TablePart>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
macro_rules! rows { ($($($Id:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case)]
    impl<$($Id: Dim,)* X: Table<Whole = Y>, Y: Dim> Rows<($($Id,)*), Y> for ($($Id,)* X,) {
        fn table_part(self) -> Option<TablePart> {
            let ($($Id,)* table,) = self;
            $(let _ = $Id;)*
            table.table_part()
        }
        fn sealed(_: Sealed) {}
    }
)*} }
rows! {
   ;
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
}
// Else the compiler would take what the shape ends in for what the ids are of, before it has seen them.
macro_rules! rows_never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape, D> Rows<$Never, D> for S {
        fn table_part(self) -> Option<TablePart> {
            None
        }
        fn sealed(_: Sealed) {}
    }
)*} }
rows_never!(Never Nothing);

/// That the shape is a table of `D`, and `Rows` is that of `Ids`, and behind it that of a row of the table.
#[diagnostic::on_unimplemented(
    message = "rows `{Rows}` at ids `{Ids}` of `{D}` cannot be added to `{Self}`",
    label = "expected a row of the table for each id",
    note = "rows have the shape of the ids, and behind it that of a row of the table: rows `(Batch, Seq, Embed)` at ids `(Batch, Seq)` of `Vocab` are added to `(Vocab, Embed)`, and `(Batch, Seq)` to `(Vocab,)`",
    note = "explained in `congruent::errors::C87`: https://docs.rs/congruent/latest/congruent/errors/C87/"
)]
pub trait TakesRows<D, Ids, Rows>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<D: Dim, Ids: Shape> TakesRows<D, Ids, Ids> for (D,) {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<D: Dim, E: Dim, Ids: Append<E, Output = Rows>, Rows: Shape> TakesRows<D, Ids, Rows> for (D, E) {
    fn sealed(_: Sealed) {}
}
#[diagnostic::do_not_recommend]
impl<D: Dim, E: Dim, F: Dim, Ids: Append<E, Output: Append<F, Output = Rows>>, Rows: Shape> TakesRows<D, Ids, Rows>
    for (D, E, F)
{
    fn sealed(_: Sealed) {}
}
macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<S: Shape, D: Dim, Ids: Shape> TakesRows<D, Ids, $Never> for S {
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);

/// That the dimensions of `Ids` are those of the shape, but for the one at `D`.
#[diagnostic::on_unimplemented(
    message = "ids `{Ids}` do not name elements along `{D}` of `{Self}`",
    label = "all dimensions of the ids but the one at `{D}` have to be those of the tensor",
    note = "ids `(Batch, Kept, Embed)` of `Seq` name elements of `(Batch, Seq, Embed)`; whole rows are chosen from a table by `table.lookup(&ids)`, and one element of each row by `x.gather(&ids)`",
    note = "explained in `congruent::errors::C88`: https://docs.rs/congruent/latest/congruent/errors/C88/"
)]
pub trait DiffersAlong<D, Ids, Position>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<S: Concat<D, Ids, Position>, D, Ids, Position> DiffersAlong<D, Ids, Position> for S {
    fn sealed(_: Sealed) {}
}
