//! One value for each position of a static dimension.

use crate::dim::{ArrayDim, Impossible, N, Never, SameSize};
use generic_array::GenericArray;
use std::fmt::{self, Debug, Formatter};
use std::ops::{Deref, DerefMut};

/// One `T` for each position of `D`: a `GenericArray` whose length is named by a dimension.
///
/// ```
/// use congruent::prelude::*;
/// dims! { Heads = 2; Seq = 5; HeadDim = 3; }
/// let heads: Each<Heads, Tensor<(Seq, HeadDim)>> = Tensor::ones((Heads, Seq, HeadDim)).unstack(Heads);
/// assert_eq!(heads.len(), 2);
/// ```
#[derive(Clone, PartialEq)]
pub struct Each<D: ArrayDim, T>(GenericArray<T, D::Number>);

/// That the parts along the dimension are a list: [`Each<Self, T>`](Each).
///
/// `List` is a parameter of its own, which stays open where the dimension is not static: the compiler reports that, and
/// nothing of what holds the list.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the size of `{Self}` is not known at compile time",
    label = "needs a static dimension",
    note = "a static dimension is declared with its size: `dims! {{ pub Heads = 12; }}`; along another, a list of any length is `x.unstack_vec(axis)`, and one position of it `x.at(axis, i)?`",
    note = "explained in `congruent::errors::C04`: https://docs.rs/congruent/latest/congruent/errors/C04/"
)]
pub trait Listed<List> {
    /// What is in the list.
    type Part;
    /// The value that `f` gives for each position.
    fn list(self, f: impl FnMut(usize) -> Self::Part) -> List;
}
#[diagnostic::do_not_recommend]
impl<D: ArrayDim, T> Listed<Each<D, T>> for D {
    type Part = T;
    fn list(self, f: impl FnMut(usize) -> T) -> Each<D, T> {
        Each::from_fn(self, f)
    }
}
// What could be meant too, and never is: else the compiler would go on with a list that cannot be.
#[diagnostic::do_not_recommend]
impl<D: Impossible> Listed<Never> for D {
    type Part = Never;
    fn list(self, _: impl FnMut(usize) -> Never) -> Never {
        self.never()
    }
}

impl<D: ArrayDim, T> Each<D, T> {
    /// These values, as many as the dimension has positions.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Heads = 2; }
    /// let names = Each::new(Heads, ["first", "second"]);
    /// assert_eq!(names[1], "second");
    /// ```
    pub fn new<const LENGTH: usize>(dim: D, values: [T; LENGTH]) -> Self
    where
        N<LENGTH>: SameSize<D>,
    {
        let _ = dim;
        Each(GenericArray::from_iter(values))
    }

    /// The value that `f` gives for each position.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Heads = 3; }
    /// assert_eq!(Each::from_fn(Heads, |head| head * head)[..], [0, 1, 4]);
    /// ```
    pub fn from_fn(dim: D, f: impl FnMut(usize) -> T) -> Self {
        Each(GenericArray::from_iter((0..dim.size()).map(f)))
    }

    /// These values.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generic_array::arr;
    /// dims! { Heads = 2; }
    /// let slopes: Each<Heads, f32> = Each::from_generic_array(arr![0.5, 0.25]);
    /// assert_eq!(slopes[..], [0.5, 0.25]);
    /// ```
    pub fn from_generic_array(values: GenericArray<T, D::Number>) -> Self {
        Each(values)
    }

    /// The values.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::generic_array::arr;
    /// dims! { Heads = 2; }
    /// assert_eq!(Each::new(Heads, [0.5, 0.25]).into_generic_array(), arr![0.5, 0.25]);
    /// ```
    pub fn into_generic_array(self) -> GenericArray<T, D::Number> {
        self.0
    }

    /// The values as an array, whose length is the size of the dimension.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Parts = 3; Batch = 2; Embed = 4; }
    /// let [query, key, value] = Tensor::ones((Batch, Parts, Embed)).unstack(Parts).into_array();
    /// assert_eq!(query.sizes(), [2, 4]);
    /// ```
    pub fn into_array<const LENGTH: usize>(self) -> [T; LENGTH]
    where
        N<LENGTH>: SameSize<D>,
    {
        let mut values = self.0.into_iter();
        std::array::from_fn(|_| values.next().expect("the sizes are the same"))
    }

    /// `f` of each value.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Heads = 2; Seq = 3; }
    /// let heads: Each<Heads, Tensor<(Seq,)>> = Tensor::ones((Heads, Seq)).unstack(Heads);
    /// assert_eq!(heads.map(|head| head.sum(Seq).scalar())[..], [3.0, 3.0]);
    /// ```
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Each<D, U> {
        Each(GenericArray::from_iter(self.0.into_iter().map(f)))
    }
}

impl<D: ArrayDim, T> Deref for Each<D, T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}
impl<D: ArrayDim, T> DerefMut for Each<D, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
impl<D: ArrayDim, T> IntoIterator for Each<D, T> {
    type Item = T;
    type IntoIter = generic_array::GenericArrayIter<T, D::Number>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
impl<D: ArrayDim, T: Debug> Debug for Each<D, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
