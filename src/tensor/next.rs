//! Predictions of the next position, and what comes there.

use super::{Index, Tensor};
use crate::backend::{Backend, Element, Float};
use crate::dim::{Dim, HasNext};
use crate::shape::{Axis, Shape};

/// The shape with the positions of an axis that have a next one.
type NextOf<S, D, Position> = <S as Axis<D, Position>>::With<<<S as Axis<D, Position>>::Dim as HasNext>::Next>;

/// What is predicted for the next position: ids, and masks that choose among them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what is predicted for the next position",
    label = "neither ids nor a mask",
    note = "ids are shifted by `ids.next(axis)`; the predictions of them lack the last position: `logits.without_last(axis)`",
    note = "explained in `congruent::errors::C63`: https://docs.rs/congruent/latest/congruent/errors/C63/"
)]
pub trait Target: Element {}
#[diagnostic::do_not_recommend]
impl<D: Dim> Target for Index<D> {}
impl Target for bool {}

/// What predicts the next position: numbers that a model calculated.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a model calculated",
    label = "predicts nothing",
    note = "predictions lack the last position, `logits.without_last(axis)`; the ids that they are of are shifted, `ids.next(axis)`",
    note = "for teacher forcing, give the model all ids, and take its predictions `without_last`",
    note = "explained in `congruent::errors::C64`: https://docs.rs/congruent/latest/congruent/errors/C64/"
)]
pub trait Prediction: Element {}
#[diagnostic::do_not_recommend]
impl<T: Float> Prediction for T {}

/// The next position of each.
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// For each position that has a next one, the id there, or whether it is chosen: what is to be predicted. What predicts
    /// it is [`without_last`](Tensor::without_last).
    ///
    /// ```
    /// use congruent::dim::Next;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 4; Vocab = 100; }
    /// let tokens = Ids::new((Batch, Seq), Vocab, &[5, 6, 7, 8])?;
    /// let next: Ids<(Batch, Next<Seq>), Vocab> = tokens.next(Seq);
    /// assert_eq!(next.to_vec().iter().map(|id| id.get()).collect::<Vec<_>>(), [6, 7, 8]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Labels that were shifted before, by whom they came from, are of the positions that they are labels of, and stay as
    /// they are: `(Batch, Seq)`.
    pub fn next<D, Position>(&self, axis: D) -> Tensor<NextOf<S, D, Position>, B>
    where
        S: Axis<D, Position>,
        S::Dim: HasNext,
        B::Elem: Target,
    {
        self.cut(axis, |size| size.min(1))
    }

    /// Without the last position of an axis, which predicts what is not known: the predictions of
    /// [`next`](Tensor::next).
    ///
    /// ```
    /// use congruent::nn::cross_entropy;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 3; Vocab = 4; }
    /// let tokens = Ids::new((Batch, Seq), Vocab, &[0, 1, 2])?;
    /// // Of a model that knows what follows.
    /// let logits = Tensor::from_fn((Batch, Seq, Vocab), |[_, s, v]| if v == s + 1 { 50.0 } else { 0.0 });
    /// let losses = cross_entropy(&logits.without_last(Seq), &tokens.next(Seq));
    /// assert_eq!(losses.to_vec(), [0.0, 0.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Where one of the two is not cut, they have no common shape:
    ///
    /// ```compile_fail,E0277
    /// use congruent::nn::cross_entropy;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Seq = 3; Vocab = 4; }
    /// let tokens = Ids::new((Batch, Seq), Vocab, &[0, 1, 2]).unwrap();
    /// cross_entropy(&Tensor::zeros((Batch, Seq, Vocab)), &tokens.next(Seq));
    /// ```
    pub fn without_last<D, Position>(&self, axis: D) -> Tensor<NextOf<S, D, Position>, B>
    where
        S: Axis<D, Position>,
        S::Dim: HasNext,
        B::Elem: Prediction,
    {
        self.cut(axis, |_| 0)
    }

    fn cut<D, Position>(&self, axis: D, start: impl FnOnce(usize) -> usize) -> Tensor<NextOf<S, D, Position>, B>
    where
        S: Axis<D, Position>,
        S::Dim: HasNext,
    {
        let _ = axis;
        let dim = self.shape.dim();
        let next = dim.next();
        let array = B::narrow(&self.array, S::INDEX, start(dim.size()), next.size());
        Tensor::from_parts(self.shape.with(next), array)
    }
}
