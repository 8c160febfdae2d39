//! Many elements made one, along an axis.

use crate::array::{Array, Kind, by_kind, shape};
use crate::elementwise::{bounds, float};
use crate::interface::{is_flex, is_in_software};
use burn_backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn_backend::{DType, IntDType, Scalar, Shape};
use burn_dispatch::Dispatch;
use congruent::backend::{Binary, Compare, Reduce};

/// How many elements a loop of a shader goes over: Mesa ends one of its software after 65 535 turns, and says nothing.
const LONGEST_LOOP: usize = 1 << 15;

impl Array {
    /// The same, in order in memory. Cubecl's kernels of 0.11.3 read permuted arrays wrongly along an axis, if they are of some
    /// sizes: the copy that a flat array is of them is in order, and one in order is not copied.
    pub(crate) fn ordered(self) -> Array {
        match is_flex(self.place()) {
            true => self,
            false => self.reshape(&[self.len()]).reshape(self.sizes()),
        }
    }

    /// `op` along `axis`, which goes.
    pub fn reduce(&self, op: Reduce, axis: usize) -> Array {
        let (n, sizes) = (self.sizes()[axis], without_axis(self.sizes(), axis));
        let is_float = self.kind() == Kind::Float;
        let is_extreme = matches!(op, Reduce::Max | Reduce::Min);
        // What is not reduced here is so below, of what can be.
        let is_here = if is_float { !(is_extreme && self.is_tracked()) } else { is_extreme || op == Reduce::Sum };
        if is_here && self.is_in_parts(axis) {
            return self.reduce_in_parts(op, axis);
        }
        let ordered = self.clone().ordered();
        let Some(x) = ordered.tensor() else {
            let (least, most) = bounds(self.dtype());
            let of_none = match op {
                Reduce::Mean | Reduce::Variance if is_float => float(f64::NAN),
                Reduce::Sum | Reduce::Mean | Reduce::Variance if is_float => float(0.0),
                Reduce::Sum | Reduce::Mean | Reduce::Variance => Scalar::Int(0),
                Reduce::Max => least,
                Reduce::Min => most,
            };
            return self.full(of_none, &sizes);
        };
        let tensor = match (is_float, op) {
            // Of equals, the gradient is that of their mean.
            (true, Reduce::Max | Reduce::Min) if self.is_tracked() => {
                let extreme = self.clone().detach().reduce(op, axis).repeated_along(axis, self.sizes());
                let differs = self.compare(Compare::NotEqual, &extreme);
                let of_extreme = Array::select(&differs, &self.full(float(0.0), self.sizes()), self);
                let count = differs.compare_scalar(Compare::Equal, Scalar::Bool(false)).cast(self.dtype());
                // If one is NaN, all differ from it: 0 / 0.
                let count = count.reduce(Reduce::Sum, axis);
                return of_extreme.reduce(Reduce::Sum, axis).binary(Binary::Div, count);
            }
            (true, Reduce::Sum) => Dispatch::float_sum_dim(x, axis),
            (true, Reduce::Mean) => Dispatch::float_mean_dim(x, axis),
            (true, Reduce::Variance) => {
                let mean = Dispatch::float_mean_dim(x.clone(), axis);
                let distance = Dispatch::float_sub(x, mean);
                Dispatch::float_mean_dim(Dispatch::float_mul(distance.clone(), distance), axis)
            }
            (true, Reduce::Max) => Dispatch::float_max_dim(x, axis),
            (true, Reduce::Min) => Dispatch::float_min_dim(x, axis),
            (false, Reduce::Sum) => Dispatch::int_sum_dim(x, axis),
            (false, Reduce::Max) => Dispatch::int_max_dim(x, axis),
            (false, Reduce::Min) => Dispatch::int_min_dim(x, axis),
            (false, Reduce::Mean | Reduce::Variance) => {
                // Sums of narrow integers are wide.
                let wide = if self.dtype() == DType::U64 { DType::U64 } else { DType::I64 };
                let count = Scalar::Int(n as i64);
                let x = ordered.cast(wide);
                let mean = x.reduce(Reduce::Sum, axis).binary_scalar(Binary::Div, count);
                if op == Reduce::Mean {
                    return mean.cast(self.dtype());
                }
                let distance = x.binary(Binary::Sub, mean.repeated_along(axis, self.sizes()));
                let squares = distance.clone().binary(Binary::Mul, distance);
                return squares.reduce(Reduce::Sum, axis).binary_scalar(Binary::Div, count).cast(self.dtype());
            }
        };
        self.with(by_kind!(self, float_reshape int_reshape bool_reshape(tensor, shape(&sizes))), &sizes)
    }

    /// Whether an axis is longer than a loop of the device goes.
    pub(crate) fn is_in_parts(&self, axis: usize) -> bool {
        self.sizes()[axis] > LONGEST_LOOP && is_in_software(self.place())
    }

    /// [`reduce`](Self::reduce) along such an axis.
    fn reduce_in_parts(&self, op: Reduce, axis: usize) -> Array {
        let n = self.sizes()[axis];
        let mean_of = |x: &Array| x.reduce(Reduce::Sum, axis).binary_scalar(Binary::Div, float(n as f64));
        match op {
            Reduce::Mean => mean_of(self),
            Reduce::Variance => {
                let distance = self.clone().binary(Binary::Sub, mean_of(self).repeated_along(axis, self.sizes()));
                mean_of(&distance.clone().binary(Binary::Mul, distance))
            }
            Reduce::Sum | Reduce::Max | Reduce::Min => {
                let part = |start: usize| {
                    let part = self.narrow(axis, start, LONGEST_LOOP.min(n - start)).reduce(op, axis);
                    let mut kept = Shape::from(self.sizes());
                    kept[axis] = 1;
                    part.reshape(&kept)
                };
                let parts: Vec<Array> = (0..n).step_by(LONGEST_LOOP).map(part).collect();
                Array::concat(&parts.iter().collect::<Vec<_>>(), axis).reduce(op, axis)
            }
        }
    }

    /// These sizes, of which the array lacks `axis`.
    fn repeated_along(self, axis: usize, sizes: &[usize]) -> Array {
        let mut kept = Shape::from(sizes);
        kept[axis] = 1;
        self.reshape(&kept).broadcast(sizes)
    }

    /// The position of the largest element along `axis`, which goes: the first of equals. What is no number counts as the
    /// largest.
    pub fn argmax(&self, axis: usize) -> Array {
        let sizes = without_axis(self.sizes(), axis);
        let Some(x) = self.clone().ordered().into_tensor() else { return self.without(&sizes, DType::U32) };
        let positions = match self.kind() {
            Kind::Float => Dispatch::float_argmax(x, axis, IntDType::U32),
            _ => Dispatch::int_argmax(x, axis),
        };
        self.with(Dispatch::int_reshape(positions, shape(&sizes)), &sizes).cast(DType::U32)
    }

    /// The element of the last axis of `x (.., n)` that each of `ids (..)` names.
    pub fn pick(&self, ids: &Array) -> Array {
        self.meets("pick", ids);
        if self.kind() == Kind::Bool {
            return self.by_integers(|x| x.pick(ids));
        }
        let column = [ids.sizes(), &[1]].concat();
        self.at(&ids.reshape(&column)).reshape(ids.sizes())
    }

    /// The elements at these positions of the last axis.
    pub(crate) fn at(&self, positions: &Array) -> Array {
        let axis = self.sizes().len() - 1;
        let (Some(x), Some(at)) = (self.tensor(), positions.tensor()) else {
            return self.without(positions.sizes(), self.dtype()).calculated_of([positions]);
        };
        let chosen = match self.kind() {
            Kind::Float => Dispatch::float_gather(axis, x, at),
            _ => Dispatch::int_gather(axis, x, at),
        };
        self.with(chosen, positions.sizes())
    }
}

fn without_axis(sizes: &[usize], axis: usize) -> Shape {
    sizes[..axis].iter().chain(&sizes[axis + 1..]).collect()
}
