//! The sizes of a shape.

use crate::sealed::Sealed;
use std::array;
use std::fmt::{self, Debug, Formatter};
use std::ops::Index;
use std::slice;

/// The sizes of a shape, outermost first: to compare, to print, and to hand to what has no types.
///
/// One of them is chosen by its dimension, [`x.dim(Seq).size()`](crate::Tensor::dim), never by a number: axis 2 is another one
/// after heads were split. `A` is an array with one size for each dimension.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 5; Embed = 8; }
/// let x = Tensor::ones((Batch, Seq, Embed));
/// assert_eq!(x.sizes(), [2, 5, 8]);
/// assert_eq!(x.dim(Seq).size(), 5);
/// assert_eq!(x.sizes().iter().product::<usize>(), 80);
/// let [batch, seq, embed] = x.sizes().into_array();
/// ```
///
/// ```compile_fail,E0277
/// use congruent::prelude::*;
/// dims! { Batch = 2; Seq = 5; Embed = 8; }
/// let length = Tensor::ones((Batch, Seq, Embed)).sizes()[1];
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sizes<A>(A);

/// What chooses one of the [`Sizes`]: nothing does.
#[diagnostic::on_unimplemented(
    message = "sizes are not indexed by `{Self}`: a size is chosen by its dimension",
    label = "the size of which dimension?",
    note = "the size of an axis is that of its dimension: `x.dim(Seq).size()`; of all axes: `let (batch, seq, _) = x.shape();`, then `seq.size()`",
    note = "explained in `congruent::errors::C71`: https://docs.rs/congruent/latest/congruent/errors/C71/"
)]
pub trait ChoosesSize {
    #[doc(hidden)]
    fn choose(self, sizes: &[usize]) -> &usize;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}

impl<A: AsRef<[usize]>, I: ChoosesSize> Index<I> for Sizes<A> {
    type Output = usize;
    fn index(&self, by: I) -> &usize {
        by.choose(self.as_ref())
    }
}

impl<A> Sizes<A> {
    pub(crate) fn new(sizes: A) -> Self {
        Sizes(sizes)
    }

    /// The sizes as an array.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 8; }
    /// let [batch, seq, embed] = Tensor::ones((Batch, Seq, Embed)).sizes().into_array();
    /// assert_eq!(batch * seq, 10);
    /// ```
    pub fn into_array(self) -> A {
        self.0
    }
}

impl<A: AsRef<[usize]>> Sizes<A> {
    /// How many dimensions there are.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 8; }
    /// assert_eq!(Tensor::ones((Batch, Seq, Embed)).sizes().len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    /// Whether there is no dimension.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; }
    /// let losses = Tensor::ones((Batch,));
    /// assert!(!losses.sizes().is_empty());
    /// assert!(losses.mean(Batch).sizes().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    /// The sizes one by one.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 8; }
    /// let x = Tensor::ones((Batch, Seq, Embed));
    /// assert_eq!(x.sizes().iter().product::<usize>(), x.to_vec().len());
    /// ```
    pub fn iter(&self) -> slice::Iter<'_, usize> {
        self.as_ref().iter()
    }

    /// The sizes as a list.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; }
    /// let sizes: Vec<usize> = Tensor::ones((Batch, Seq)).sizes().to_vec();
    /// assert_eq!(sizes, [2, 5]);
    /// ```
    pub fn to_vec(&self) -> Vec<usize> {
        self.as_ref().to_vec()
    }
}

impl<A: AsRef<[usize]>> AsRef<[usize]> for Sizes<A> {
    fn as_ref(&self) -> &[usize] {
        self.0.as_ref()
    }
}

impl<A: Debug> Debug for Sizes<A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const RANK: usize> From<Sizes<[usize; RANK]>> for [usize; RANK] {
    fn from(sizes: Sizes<[usize; RANK]>) -> Self {
        sizes.0
    }
}

impl<const RANK: usize> IntoIterator for Sizes<[usize; RANK]> {
    type Item = usize;
    type IntoIter = array::IntoIter<usize, RANK>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'s, A: AsRef<[usize]>> IntoIterator for &'s Sizes<A> {
    type Item = &'s usize;
    type IntoIter = slice::Iter<'s, usize>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

macro_rules! equals { ($([$($generics:tt)*] $Sizes:ty = $Other:ty;)*) => {$(
    impl<$($generics)*> PartialEq<$Other> for $Sizes {
        fn eq(&self, other: &$Other) -> bool {
            let (sizes, other): (&[usize], &[usize]) = (self.as_ref(), other.as_ref());
            sizes == other
        }
    }
    impl<$($generics)*> PartialEq<$Sizes> for $Other {
        fn eq(&self, other: &$Sizes) -> bool {
            other == self
        }
    }
)*} }
equals! {
    [const RANK: usize] Sizes<[usize; RANK]> = [usize; RANK];
    [A: AsRef<[usize]>] Sizes<A> = [usize];
    [A: AsRef<[usize]>] Sizes<A> = &[usize];
    [A: AsRef<[usize]>] Sizes<A> = Vec<usize>;
}
