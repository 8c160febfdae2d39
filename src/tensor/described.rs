//! What a tensor is: its dimensions, and the array that it holds.

use super::Tensor;
use crate::backend::{ArrayOf, Backend};
use crate::shape::{Axis, Shape, Sizes};

/// # What it is
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The dimensions.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq; Embed = 3; }
    /// bind!(seq: Seq = 5);
    /// let (batch, seq, embed) = Tensor::ones((Batch, seq, Embed)).shape();
    /// assert_eq!((batch, seq.size(), embed), (Batch, 5, Embed));
    /// ```
    pub fn shape(&self) -> S {
        self.shape
    }

    /// The size of each dimension, all together: [`Sizes`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 5; Embed = 3; }
    /// assert_eq!(Tensor::ones((Batch, Seq, Embed)).sizes(), [2, 5, 3]);
    /// ```
    #[doc(alias("size", "dims", "ndim", "rank", "len", "len_of"))]
    pub fn sizes(&self) -> Sizes<S::Sizes> {
        self.shape.sizes()
    }

    /// The name of each dimension, as it was declared: for the axes of a picture, say.
    ///
    /// ```
    /// use congruent::dim::Keys;
    /// use congruent::prelude::*;
    /// dims! { Heads = 3; Seq; }
    /// bind!(seq: Seq = 5);
    /// assert_eq!(Tensor::ones((Heads, seq, Keys(seq))).names(), ["Heads", "Seq", "Keys<Seq>"]);
    /// ```
    pub fn names(&self) -> Vec<String> {
        S::names()
    }

    /// The dimension of an axis: its name, with the size that it has here.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq; Heads = 3; HeadDim = 4; }
    /// bind!(seq: Seq = 5);
    /// let x = Tensor::ones((Batch, seq, Times(Heads, HeadDim))).split_heads();
    /// assert_eq!(x.dim(seq).size(), 5);
    /// assert_eq!(x.dim(At::<1>), Heads);
    /// ```
    pub fn dim<D, Position>(&self, axis: D) -> S::Dim
    where
        S: Axis<D, Position>,
    {
        let _ = axis;
        self.shape.dim()
    }

    /// The backend's array.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let x = Tensor::ones((Batch, Embed));
    /// assert_eq!(Cpu::<f32>::sizes(x.array()), [2, 3]);
    /// ```
    pub fn array(&self) -> &ArrayOf<B> {
        &self.array
    }

    /// The backend's array.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let array = Tensor::ones((Batch, Embed)).into_array();
    /// let back: Tensor<(Batch, Embed)> = Tensor::try_from_array((Batch, Embed), array)?;
    /// assert_eq!(back.to_vec(), [1.0; 6]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn into_array(self) -> ArrayOf<B> {
        self.array
    }
}
