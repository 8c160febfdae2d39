//! Dimensions whose size is bound to a number in a scope.

use super::Dim;
use generativity::{Guard, Id};
use std::fmt::{self, Debug, Formatter};
use std::marker::PhantomData;

/// A run-time size under a brand that no other binding has, and the name of the variable that holds it.
///
/// The brand makes it sound, the name makes it readable. It is the inside of every dimension that
/// `dims! { pub Seq; }` declares.
pub struct Branded<'id, Variable> {
    size: usize,
    id: Id<'id>,
    variable: PhantomData<fn() -> Variable>,
}

impl<'id, Variable> Branded<'id, Variable> {
    /// The size, under the brand of this guard.
    pub fn new(size: usize, guard: Guard<'id>) -> Self {
        Branded { size, id: guard.into(), variable: PhantomData }
    }

    /// The size.
    pub fn size(self) -> usize {
        self.size
    }
}

impl<Variable> Clone for Branded<'_, Variable> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Variable> Copy for Branded<'_, Variable> {}
impl<Variable> Debug for Branded<'_, Variable> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Branded").field(&self.size).field(&self.id).finish()
    }
}

/// The variable of a run-time dimension that was bound without one.
#[derive(Clone, Copy, Debug)]
pub struct Unnamed {}

/// A run-time dimension, whatever its brand: what [`bind!`](crate::bind) asks for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a run-time dimension",
    label = "its size cannot be chosen here",
    note = "a run-time dimension is declared without a size: `dims! {{ pub Seq; }}`"
)]
pub trait RuntimeDim {
    /// The dimension under the brand `'id`, bound by the variable of this name.
    type At<'id, Variable>: Dim;
    /// The dimension with the given size. The guard is fresh: no other value has its brand.
    fn bind<'id, Variable>(size: usize, guard: Guard<'id>) -> Self::At<'id, Variable>;
}

/// Binds run-time dimensions to numbers, for the rest of the scope.
///
/// Each binding is a dimension of its own: tensors over two bindings never agree, even if the numbers
/// do. Zero is a legal size. Wrap a dimension in `Ragged` where sequences are padded to it.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch; Seq; Embed = 8; }
///
/// bind!(batch: Batch = 2, seq: Seq = 5);
/// let x: Tensor<_> = Tensor::ones((batch, seq, Embed));
/// assert_eq!(x.mean(seq).sizes(), [2, 8]);
/// ```
///
/// The closure form does the same: `Seq::with(5, |seq| …)`.
#[macro_export]
macro_rules! bind {
    ($variable:ident : $dim:ty = $size:expr $(, $($rest:tt)*)?) => {
        $crate::__private::make_guard!(guard);
        let $variable = {
            #[allow(non_camel_case_types, dead_code)]
            struct $variable {}
            <$dim as $crate::dim::RuntimeDim>::bind::<$variable>($size, guard)
        };
        $($crate::bind!($($rest)*);)?
    };
    () => {};
}
