//! States that go along padded sequences.

use super::Lengths;
use crate::backend::{ArrayOf, Backend, Engine, Number, With};
use crate::dim::{Dim, Whole};
use crate::shape::{At, Axis, Sequences, Shape, Stacks};
use crate::tensor::{Tensor, join_along};

/// The state of each sequence of a batch: tensors that begin with the batch.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state of each sequence of `{Batch}`",
    label = "expected `({Batch}, ..)`, or a tuple of such tensors",
    note = "the state of a sequence stays what it was at its own length, while others go on: so each sequence has its part of every tensor, along the first dimension",
    note = "explained in `congruent::errors::C83`: https://docs.rs/congruent/latest/congruent/errors/C83/"
)]
pub trait SequenceState<Batch, E: Engine>: Clone {
    /// This state where the sequence goes on, and the one before elsewhere.
    #[doc(hidden)]
    fn where_valid(self, valid: &E::Array<bool>, before: Self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Batch: Dim, S: Axis<Batch, At<0>>, B: Backend> SequenceState<Batch, B::Engine> for Tensor<S, B> {
    fn where_valid(self, valid: &ArrayOf<B, bool>, before: Self) -> Self {
        let valid = of_rows::<B>(valid, self.sizes().as_ref(), 1);
        let array = B::select(&valid, self.array(), before.array());
        Tensor::from_parts(self.shape(), array)
    }
}

macro_rules! states { ($($($State:ident $before:ident)*;)*) => {$(
    #[diagnostic::do_not_recommend]
    #[allow(non_snake_case, unused_variables, clippy::unused_unit)]
    impl<Batch, E: Engine, $($State: SequenceState<Batch, E>,)*> SequenceState<Batch, E> for ($($State,)*) {
        fn where_valid(self, valid: &E::Array<bool>, before: Self) -> Self {
            let ($($State,)*) = self;
            let ($($before,)*) = before;
            ($($State.where_valid(valid, $before),)*)
        }
    }
)*} }
states! {
    ;
    P p;
    P p Q q;
    P p Q q R r;
    P p Q q R r T t;
}

/// A condition of the first axes, as that of all elements behind them.
fn of_rows<B: Backend>(valid: &ArrayOf<B, bool>, sizes: &[usize], axes: usize) -> ArrayOf<B, bool> {
    let mut rows = sizes.to_vec();
    rows[axes..].fill(1);
    With::<B, bool>::broadcast(&With::<B, bool>::reshape(valid, &rows), sizes)
}

/// States that go along the valid positions of each sequence.
impl<S: Shape, Bk: Backend> Tensor<S, Bk> {
    /// As [`scan`](Self::scan), along the valid positions of each sequence: the last state of a sequence is the one at its own
    /// length, that of an empty one the first.
    ///
    /// `step` is called for the whole batch, as often as the longest sequence has positions, and sees zeros for padding. What
    /// stands in the padding of its outputs is not said.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 1])?;
    /// let x = Tensor::from_slice((Batch, Ragged(Seq)), &[1.0, 2.0, 3.0, 4.0, 999.0, 999.0])?;
    /// let (last, sums) = x.masked_scan(&lengths, Tensor::zeros((Batch,)), |sum, x| (&sum + &x, sum + x));
    /// let sums: Tensor<(Batch, Ragged<Seq>)> = sums;
    /// assert_eq!(last.to_vec(), [6.0, 4.0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("pack_padded_sequence", "pad_packed_sequence"))]
    pub fn masked_scan<B: Dim, K, State, R, C, Stacked>(
        &self,
        lengths: &Lengths<B, K>,
        state: State,
        step: impl FnMut(State, Tensor<S::One, Bk>) -> (State, Tensor<R, C>),
    ) -> (State, Tensor<Stacked, C>)
    where
        S: Sequences<B, K>,
        State: SequenceState<B, Bk::Engine>,
        K: Whole + Stacks<R, At<1>, Output = Stacked>,
        R: Shape,
        Stacked: Shape,
        Bk::Elem: Number,
        C: Backend,
    {
        self.scan_valid(lengths, false, state, step)
    }

    /// As [`masked_scan`](Self::masked_scan), from the last valid position of each sequence to its first: each begins at its own
    /// length.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Seq = 3; }
    /// let lengths = Lengths::new(Batch, Ragged(Seq), &[3, 2])?;
    /// let x = Tensor::from_slice((Batch, Ragged(Seq)), &[1.0, 2.0, 3.0, 4.0, 5.0, 999.0])?;
    /// let (last, sums) = x.masked_scan_reverse(&lengths, Tensor::zeros((Batch,)), |sum, x| (&sum + &x, sum + x));
    /// assert_eq!(last.to_vec(), [6.0, 9.0]);
    /// assert_eq!(sums.fill_padding(&lengths, 0.0).to_vec(), [6.0, 5.0, 3.0, 9.0, 5.0, 0.0]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn masked_scan_reverse<B: Dim, K, State, R, C, Stacked>(
        &self,
        lengths: &Lengths<B, K>,
        state: State,
        step: impl FnMut(State, Tensor<S::One, Bk>) -> (State, Tensor<R, C>),
    ) -> (State, Tensor<Stacked, C>)
    where
        S: Sequences<B, K>,
        State: SequenceState<B, Bk::Engine>,
        K: Whole + Stacks<R, At<1>, Output = Stacked>,
        R: Shape,
        Stacked: Shape,
        Bk::Elem: Number,
        C: Backend,
    {
        self.scan_valid(lengths, true, state, step)
    }

    fn scan_valid<B: Dim, K, State, R, C>(
        &self,
        lengths: &Lengths<B, K>,
        is_reverse: bool,
        mut state: State,
        mut step: impl FnMut(State, Tensor<S::One, Bk>) -> (State, Tensor<R, C>),
    ) -> (State, Tensor<K::Output, C>)
    where
        S: Sequences<B, K>,
        State: SequenceState<B, Bk::Engine>,
        K: Stacks<R, At<1>>,
        R: Shape,
        Bk::Elem: Number,
        C: Backend,
    {
        let (lengths, keys) = (lengths.as_slice(), lengths.keys());
        let (one, device) = (self.shape().one(), self.device());
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let all_valid = lengths.iter().copied().min().unwrap_or(0);
        let valid = || (0..longest).flat_map(|at| lengths.iter().map(move |&length| at < length)).collect();
        let valid = With::<Bk, bool>::from_elements(valid(), &[longest, lengths.len()], &device);
        let zeros = |sizes: &[usize]| Bk::filled(num_traits::zero(), sizes, &device);

        let mut x = Bk::narrow(self.array(), 1, 0, longest);
        if all_valid < longest {
            let sizes = Bk::sizes(&x).to_vec();
            let valid = of_rows::<Bk>(&With::<Bk, bool>::permute(&valid, &[1, 0]), &sizes, 2);
            x = Bk::select(&valid, &x, &zeros(&sizes));
        }
        let mut outputs = Vec::with_capacity(longest);
        for i in 0..longest {
            let at = if is_reverse { longest - 1 - i } else { i };
            let now = Bk::reshape(&Bk::narrow(&x, 1, at, 1), one.sizes().as_ref());
            let before = (at >= all_valid).then(|| state.clone());
            let (next, output) = step(state, Tensor::from_parts(one, now));
            state = match before {
                Some(before) => {
                    let valid = With::<Bk, bool>::narrow(&valid, 0, at, 1);
                    next.where_valid(&With::<Bk, bool>::reshape(&valid, &[lengths.len()]), before)
                }
                None => next,
            };
            outputs.push(output);
        }
        if is_reverse {
            outputs.reverse();
        }
        let like = outputs.last().cloned();
        let like = like.unwrap_or_else(|| step(state.clone(), Tensor::from_parts(one, zeros(one.sizes().as_ref()))).1);
        let filling = like.detach();
        let padding = (longest..keys.size()).map(|_| filling.array());
        let array = join_along::<C>(like.array(), outputs.iter().map(Tensor::array).chain(padding), 1);
        (state, Tensor::from_parts(keys.insert_into(like.shape()), array))
    }
}
