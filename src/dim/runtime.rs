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

/// What the name of a dimension stands for, as a value, before it has a size: no dimension.
///
/// Without it the compiler would take the name for a struct, and propose to write its private fields.
#[derive(Clone, Copy, Debug)]
pub struct NoSizeYet<D>(PhantomData<fn() -> D>);

impl<D> NoSizeYet<D> {
    /// The value of the name.
    pub const VALUE: Self = NoSizeYet(PhantomData);
}

/// A run-time dimension, whatever its brand: what [`bind!`](crate::bind) asks for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a run-time dimension",
    label = "its size cannot be chosen here",
    note = "a run-time dimension is declared without a size: `dims! {{ pub Seq; }}`",
    note = "explained in `congruent::errors::C03`"
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
        let size: usize = $size;
        // Shadowed at once: nothing else borrows the place, and one guard is made of it.
        $crate::macros::place!($crate $variable);
        let guard = $variable.guard();
        let $variable = {
            #[allow(non_camel_case_types, dead_code)]
            struct $variable {}
            $crate::__private::bind::<$dim, $variable, _>(size, guard)
        };
        // The brand is dropped somewhere, even where what follows diverges.
        if let ::core::option::Option::Some(never) = ::core::option::Option::None {
            return never;
        }
        $($crate::bind!($($rest)*);)?
    };
    () => {};
}

/// [`RuntimeDim::bind`]. The result is a parameter, so that a dimension that is none is reported once.
#[doc(hidden)]
pub fn bind<'id, D, Variable, Bound>(size: usize, guard: Guard<'id>) -> Bound
where
    D: RuntimeDim<At<'id, Variable> = Bound>,
{
    D::bind::<Variable>(size, guard)
}

/// Where the lifetime of a binding comes from: a variable of the binding's name.
///
/// A binding that leaves its turn of a loop is so reported as "`seq` does not live long enough".
#[doc(hidden)]
pub struct Place<'id>(Id<'id>);

impl<'id> Place<'id> {
    /// A place that nothing has borrowed.
    ///
    /// # Safety
    /// For [`bind!`](crate::bind) alone: one [`Brand`] and one [`guard`](Self::guard) are made of it.
    pub unsafe fn new() -> Self {
        // SAFETY: `brand` ties the lifetime to the place.
        Place(unsafe { Id::new() })
    }

    /// What the dimension is made of.
    pub fn guard(&self) -> Guard<'id> {
        // SAFETY: the maker of the place has promised that this is its only guard, and that it is branded.
        unsafe { Guard::new(self.0) }
    }
}

/// What makes the lifetime of a binding its own: dropped at the end of the scope, it keeps the lifetime
/// alive until then, and the place that the lifetime borrows from ends right after.
#[doc(hidden)]
pub struct Brand<'id>(PhantomData<&'id Place<'id>>);

impl<'id> Brand<'id> {
    /// Makes the lifetime of the place that of this borrow.
    #[inline(always)]
    pub fn new(_: &'id Place<'id>) -> Self {
        Brand(PhantomData)
    }
}

impl Drop for Brand<'_> {
    // That there is a destructor is what counts.
    #[inline(always)]
    fn drop(&mut self) {}
}
