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
pub struct NoSizeYet<D>(PhantomData<fn() -> D>);

impl<D> NoSizeYet<D> {
    /// The value of the name.
    pub const VALUE: Self = NoSizeYet(PhantomData);
}

impl<D> Clone for NoSizeYet<D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D> Copy for NoSizeYet<D> {}
impl<D> Debug for NoSizeYet<D> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("NoSizeYet")
    }
}

/// A run-time dimension, whatever its brand: what [`bind!`](crate::bind) asks for.
///
/// # Safety
/// What `bind` gives has the size that it was given, under the brand of the guard.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a run-time dimension",
    label = "its size cannot be chosen here",
    note = "a run-time dimension is declared without a size: `dims! {{ pub Seq; }}`",
    note = "explained in `congruent::errors::C03`: https://docs.rs/congruent/latest/congruent/errors/C03/"
)]
pub unsafe trait RuntimeDim {
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
        let __size: ::core::primitive::usize = $size;
        // SAFETY: the place has a variable of its own, which is borrowed once, by the brand, and shadowed two
        // statements below; one guard is made of it.
        $crate::macros::place!($variable unsafe { $crate::__private::Place::new() });
        #[allow(unused, clippy::used_underscore_binding)]
        let __brand = $crate::__private::Brand::new($crate::macros::borrow!($variable));
        // SAFETY: the only guard of this place, which was branded in the line before.
        let __guard = unsafe { $crate::__private::Place::guard($crate::macros::borrow!($variable)) };
        let $variable = {
            #[allow(non_camel_case_types, dead_code)]
            struct $variable {}
            $crate::dim::bind::<$dim, $variable, _>(__size, __guard)
        };
        // Where what follows never ends, the compiler would see no end of the scope, and no drop of the brand: two
        // brands could be one. Here is an end. (generativity's issue 15)
        if let ::core::option::Option::Some(__never) = ::core::option::Option::None {
            return __never;
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
/// The lifetime `'id` begins with the borrow that makes a [`Brand`] of the place. The brand has a destructor, so `'id`
/// is alive where the brand is dropped, at the end of the scope; the place is dropped right after, so `'id` is over
/// there. Two places of one scope are dropped one after the other, each between the ends of the lifetimes of the two:
/// no two of these lifetimes can be one, and being invariant, none stands for another. That is the proof of
/// `generativity::make_guard!`, whose place has no name that a message could show.
///
/// Safe code makes no place, and no second guard of one:
///
/// ```compile_fail,E0133
/// congruent::macros::place!(x congruent::__private::Place::new());
/// ```
/// ```compile_fail,E0133
/// fn two(place: &congruent::__private::Place<'_>) {
///     let guards = (place.guard(), place.guard());
/// }
/// ```
#[doc(hidden)]
pub struct Place<'id>(Id<'id>);

impl<'id> Place<'id> {
    /// A place that nothing has borrowed.
    ///
    /// # Safety
    /// It stands in a local variable, and one [`Brand`] is made of it before anything else.
    pub unsafe fn new() -> Self {
        // SAFETY: the brand ties the lifetime to the place.
        Place(unsafe { Id::new() })
    }

    /// What the dimension is made of.
    ///
    /// # Safety
    /// It is called once for a place, after the brand was made.
    pub unsafe fn guard(&self) -> Guard<'id> {
        // SAFETY: the caller's.
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
