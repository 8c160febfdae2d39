//! Ids along a product, taken apart.

use super::{Index, Tensor, TensorOf};
use crate::backend::{Backend, Binary, With};
use crate::dim::{Dim, Times};
use crate::shape::Shape;

impl<A: Dim, B: Dim> Index<Times<A, B>> {
    /// The ids of both factors: `position / b` and `position % b`, where `b` is the size of the second.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Beams = 2; Vocab = 3; }
    /// let best = Index::new(Times(Beams, Vocab), 5)?;
    /// let (beam, token): (Index<Beams>, Index<Vocab>) = best.unravel(Times(Beams, Vocab));
    /// assert_eq!((beam.get(), token.get()), (1, 2));
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "unravel_index")]
    pub fn unravel(self, product: Times<A, B>) -> (Index<A>, Index<B>) {
        // There is an id of the product, so that neither factor is zero.
        let (id, size) = (self.get() as usize, product.1.size());
        // Both are at most the id, which is a `u32`.
        (Index::at((id / size) as u32), Index::at((id % size) as u32))
    }
}

impl<S: Shape, A: Dim, B: Dim, Bk: Backend<Elem = Index<Times<A, B>>>> Tensor<S, Bk> {
    /// The ids of both factors, for each id of their product: what `top_k` found along merged axes.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Beams = 2; Vocab = 3; Best = 2; }
    /// let scores = Tensor::from_nested((Beams, Vocab), [[0.0, 5.0, 1.0], [9.0, 2.0, 3.0]]);
    /// let (values, ids) = scores.merge(Beams, Vocab).top_k(Times(Beams, Vocab), Best)?;
    /// let (beams, tokens): (Ids<(Best,), Beams>, Ids<(Best,), Vocab>) = ids.unravel(Times(Beams, Vocab));
    /// assert_eq!(values.to_vec(), [9.0, 5.0]);
    /// assert_eq!(beams.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 0]);
    /// assert_eq!(tokens.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [0, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "unravel_index")]
    pub fn unravel(&self, product: Times<A, B>) -> (TensorOf<S, Index<A>, Bk>, TensorOf<S, Index<B>, Bk>) {
        let ids = self.array();
        let binary = |op, number| With::<Bk, u32>::binary_scalar(op, ids.clone(), number);
        let (first, second) = match u32::try_from(product.1.size()) {
            Ok(size) => {
                let first = binary(Binary::Div, size);
                let before = With::<Bk, u32>::binary_scalar(Binary::Mul, first.clone(), size);
                (first, With::<Bk, u32>::binary(Binary::Sub, ids.clone(), before))
            }
            // Every id, which is a `u32`, is below the size.
            Err(_) => (binary(Binary::Mul, 0), ids.clone()),
        };
        (self.with_array(first), self.with_array(second))
    }
}
