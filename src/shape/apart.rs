//! What two dimensions of which ranks have parts may be together, and ids with their table.
//!
//! As in [`unclear`](super::unclear), each relation has one impl for all, and another for what is wrong: code that is generic over
//! dimensions need not say that none of them is a part along the axis of another one.

use super::Shape;
use crate::dim::{Dim, Shard};
use crate::sealed::Sealed;

/// That a rank has its part of the shape: no two axes are parts along one axis of the mesh, since then no rank would have what lies off
/// the diagonal.
pub trait InParts<Meant>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[doc(hidden)]
pub enum EachAlongItsOwnMeshAxis {}
#[doc(hidden)]
pub enum TwoAlongOneMeshAxis<const I: usize, const J: usize> {}

impl<S: Shape> InParts<EachAlongItsOwnMeshAxis> for S {
    fn sealed(_: Sealed) {}
}
macro_rules! pairs { ($(($($Before:ident)*)($($Between:ident)*)($($After:ident)*) at $i:literal $j:literal;)*) => {$(
    impl<$($Before: Dim,)* X: Dim, $($Between: Dim,)* Y: Dim, $($After: Dim,)* M: Dim> InParts<TwoAlongOneMeshAxis<$i, $j>>
        for ($($Before,)* Shard<X, M>, $($Between,)* Shard<Y, M>, $($After,)*)
    {
        fn sealed(_: Sealed) {}
    }
)*} }
pairs! {
    ()()() at 0 1;
    ()()(A) at 0 1; ()(A)() at 0 2; (A)()() at 1 2;
    ()()(A B) at 0 1; ()(A)(B) at 0 2; ()(A B)() at 0 3; (A)()(B) at 1 2; (A)(B)() at 1 3;
    (A B)()() at 2 3;
    ()()(A B C) at 0 1; ()(A)(B C) at 0 2; ()(A B)(C) at 0 3; ()(A B C)() at 0 4;
    (A)()(B C) at 1 2; (A)(B)(C) at 1 3; (A)(B C)() at 1 4; (A B)()(C) at 2 3;
    (A B)(C)() at 2 4; (A B C)()() at 3 4;
    ()()(A B C D) at 0 1; ()(A)(B C D) at 0 2; ()(A B)(C D) at 0 3; ()(A B C)(D) at 0 4;
    ()(A B C D)() at 0 5; (A)()(B C D) at 1 2; (A)(B)(C D) at 1 3; (A)(B C)(D) at 1 4;
    (A)(B C D)() at 1 5; (A B)()(C D) at 2 3; (A B)(C)(D) at 2 4; (A B)(C D)() at 2 5;
    (A B C)()(D) at 3 4; (A B C)(D)() at 3 5; (A B C D)()() at 4 5;
}

/// That ids of the shape look up rows of the table: ranks that have parts of it have the same ids, since none has the rows of another
/// one's.
pub trait LooksUp<Table, Meant>: Shape {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[doc(hidden)]
pub enum RanksOfTheTableHaveTheSameIds {}
#[doc(hidden)]
pub enum RanksOfTheTableHaveOtherIds<const I: usize> {}

impl<S: Shape, Table> LooksUp<Table, RanksOfTheTableHaveTheSameIds> for S {
    fn sealed(_: Sealed) {}
}
macro_rules! ids { ($(($($Before:ident)*)($($After:ident)*) at $i:literal;)*) => {$(
    impl<$($Before: Dim,)* X: Dim, $($After: Dim,)* M: Dim, V: Dim> LooksUp<Shard<V, M>, RanksOfTheTableHaveOtherIds<$i>>
        for ($($Before,)* Shard<X, M>, $($After,)*)
    {
        fn sealed(_: Sealed) {}
    }
)*} }
ids! {
    ()() at 0; ()(A) at 0; (A)() at 1; ()(A B) at 0; (A)(B) at 1; (A B)() at 2;
    ()(A B C) at 0; (A)(B C) at 1; (A B)(C) at 2; (A B C)() at 3;
    ()(A B C D) at 0; (A)(B C D) at 1; (A B)(C D) at 2; (A B C)(D) at 3; (A B C D)() at 4;
}
