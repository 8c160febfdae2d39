//! The cross-entropy of logits over a vocabulary of which each rank may have a part.

use crate::backend::composed::repeated;
use crate::backend::{
    ArrayOf, Backend, Binary, Collective, Compare, Engine, Float, MeshAxis, Reduce, Unary, With, constant, made_of,
};
use crate::dim::TablePart;
use crate::tensor::{OwnIds, sum_of_ranks};

/// The loss of each target, of logits over a vocabulary of which this rank has all, or a part.
///
/// Of a part, the ranks tell each other numbers for each target and no logits, as Megatron-LM has it
/// ([Shoeybi et al. 2019](https://arxiv.org/abs/1909.08053)): the largest logit; and then, in one message, the sum of exponentials and
/// the logit of the target, which one of them has. The gradient of a part, `softmax - target`, needs nothing more from the others.
pub fn cross_entropy<B: Backend<Elem: Float>>(
    logits: &ArrayOf<B>,
    part: Option<TablePart>,
    targets: &ArrayOf<B, u32>,
    smoothing: f64,
) -> ArrayOf<B> {
    type Wide<B> = <<B as Backend>::Elem as Float>::Wide;
    let Some(part) = part else { return B::cross_entropy(logits, targets, smoothing) };
    let wide = B::cast::<Wide<B>>(logits);
    let rows = Rows::<B::Engine, Wide<B>>::new(&wide, part, targets, smoothing);
    With::<B, Wide<B>>::cast::<B::Elem>(&rows.losses(&wide, part.axis))
}

type On<E, T> = <E as Engine>::Backend<T>;

/// What is known of each row of logits, and of its target.
struct Rows<E: Engine, T: Float> {
    targets: OwnIds<E>,
    /// The largest logit of all ranks.
    largest: E::Array<T>,
    /// What of one is the target's.
    of_target: T,
    /// What of one is that of each class.
    of_all: T,
}

impl<E: Engine, T: Float> Rows<E, T> {
    fn new(logits: &E::Array<T>, part: TablePart, targets: &E::Array<u32>, smoothing: f64) -> Self {
        let last = E::sizes(logits).len() - 1;
        let largest = On::<E, T>::reduce(Reduce::Max, &On::<E, T>::detach(logits.clone()), last);
        Rows {
            targets: OwnIds::new(part, targets),
            largest: E::together::<T>(Collective::Max, &largest, part.axis),
            of_target: constant(1.0 - smoothing),
            of_all: constant(smoothing / part.whole as f64),
        }
    }

    fn losses(self, logits: &E::Array<T>, axis: MeshAxis) -> E::Array<T> {
        let x = On::<E, T>::detach(logits.clone());
        let both = sum_of_ranks::<On<E, T>>(&self.terms(&x), axis);
        let rows = E::sizes(&self.largest);
        let [sum, expected] = [0, 1].map(|at| On::<E, T>::reshape(&On::<E, T>::narrow(&both, 0, at, 1), rows));
        let losses = On::<E, T>::binary(Binary::Sub, On::<E, T>::unary(Unary::Ln, sum.clone()), expected);
        made_of::<On<E, T>>(logits, losses, move |gradient| self.gradient(x.clone(), &sum, gradient))
    }

    /// What this rank adds to the sum of exponentials of each row, and behind that what it adds to the logit that is expected of
    /// the row: both less the largest.
    fn terms(&self, x: &E::Array<T>) -> E::Array<T> {
        let last = E::sizes(x).len() - 1;
        let below = self.below_largest(x.clone());
        let target = On::<E, T>::pick(x, &self.targets.positions);
        let target = On::<E, T>::binary(Binary::Sub, target, self.largest.clone());
        let mut expected = self.targets.or_zero::<On<E, T>>(&target);
        // A logit of -∞ counts only in the mean, which is needed only with smoothing.
        if !self.of_all.is_zero() {
            let all = scaled::<E, T>(&On::<E, T>::reduce(Reduce::Sum, &below, last), self.of_all);
            expected = On::<E, T>::binary(Binary::Add, scaled::<E, T>(&expected, self.of_target), all);
        }
        let sum = On::<E, T>::reduce(Reduce::Sum, &On::<E, T>::unary(Unary::Exp, below), last);
        let row = [&[1], E::sizes(&sum)].concat();
        On::<E, T>::concat(&[&On::<E, T>::reshape(&sum, &row), &On::<E, T>::reshape(&expected, &row)], 0)
    }

    /// `(softmax(x) - share) · gradient` of this rank's logits. A row that nothing depends on has no part in it, whatever its
    /// logits are.
    fn gradient(&self, x: E::Array<T>, sum: &E::Array<T>, gradient: E::Array<T>) -> E::Array<T> {
        let (sizes, last) = (E::sizes(&x).to_vec(), E::sizes(&x).len() - 1);
        let scale = On::<E, T>::binary(Binary::Div, gradient.clone(), sum.clone());
        let exponentials = On::<E, T>::unary(Unary::Exp, self.below_largest(x));
        let mut found = On::<E, T>::binary(Binary::Mul, exponentials, repeated::<On<E, T>>(&scale, last, &sizes));
        if !self.of_all.is_zero() {
            let all = repeated::<On<E, T>>(&scaled::<E, T>(&gradient, self.of_all), last, &sizes);
            found = On::<E, T>::binary(Binary::Sub, found, all);
        }
        let of_target = self.targets.or_zero::<On<E, T>>(&scaled::<E, T>(&gradient, self.of_target));
        let column = column::<E, T>(&of_target);
        let targets = On::<E, u32>::reshape(&self.targets.positions, &column);
        let before = On::<E, T>::take_along(&found, last, &targets);
        let at_target = On::<E, T>::binary(Binary::Sub, before, On::<E, T>::reshape(&of_target, &column));
        let found = On::<E, T>::put_along(found, last, &targets, &at_target);
        let is_unused = On::<E, T>::compare_scalar(Compare::Equal, &gradient, T::zero());
        let is_unused = On::<E, bool>::broadcast(&On::<E, bool>::reshape(&is_unused, &column), &sizes);
        On::<E, T>::select(&is_unused, &On::<E, T>::filled(T::zero(), &sizes, &E::device(&found)), &found)
    }

    /// The logits less the largest.
    fn below_largest(&self, x: E::Array<T>) -> E::Array<T> {
        let largest = repeated::<On<E, T>>(&self.largest, E::sizes(&self.largest).len(), E::sizes(&x));
        On::<E, T>::binary(Binary::Sub, x, largest)
    }
}

fn scaled<E: Engine, T: Float>(x: &E::Array<T>, factor: T) -> E::Array<T> {
    On::<E, T>::binary_scalar(Binary::Mul, x.clone(), factor)
}

/// The sizes of numbers of rows as those of a column.
fn column<E: Engine, T: Float>(of_rows: &E::Array<T>) -> Vec<usize> {
    [E::sizes(of_rows), &[1]].concat()
}
