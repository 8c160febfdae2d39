//! Axes and places: what calculates nothing.

use crate::array::{Array, Kind, by_kind, shape};
use burn_backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn_backend::{DType, Scalar, Shape, Slice};
use burn_dispatch::{Dispatch, DispatchTensor};
use congruent::backend::Compare;

impl Array {
    /// The axes in another order: axis `i` of the result is axis `order[i]`.
    pub fn permute(&self, order: &[usize]) -> Array {
        if order.iter().enumerate().all(|(i, &axis)| i == axis) {
            return self.seen();
        }
        let sizes: Shape = order.iter().map(|&axis| self.sizes()[axis]).collect();
        let Some(x) = self.tensor() else { return self.without(&sizes, self.dtype()) };
        self.with(by_kind!(self, float_permute int_permute bool_permute(x, order)), &sizes)
    }

    /// The same row-major elements under other sizes of the same product.
    pub fn reshape(&self, sizes: &[usize]) -> Array {
        if self.sizes() == sizes {
            return self.seen();
        }
        // What is repeated is copied.
        let like = self.without(sizes, self.dtype()).with_room("reshape");
        let Some(x) = self.tensor().filter(|_| like.failed().is_none()) else { return like };
        like.holding(Some(by_kind!(self, float_reshape int_reshape bool_reshape(x, shape(sizes)))))
    }

    /// The elements `start .. start + len` of `axis`.
    pub fn narrow(&self, axis: usize, start: usize, len: usize) -> Array {
        if len == self.sizes()[axis] {
            return self.seen();
        }
        let mut sizes = Shape::from(self.sizes());
        sizes[axis] = len;
        let Some(x) = self.tensor().filter(|_| len > 0) else { return self.without(&sizes, self.dtype()) };
        let starts = (0..sizes.len()).map(|i| if i == axis { start } else { 0 });
        let slices = slices(starts, &sizes);
        self.with(by_kind!(self, float_slice int_slice bool_slice(x, &slices)), &sizes)
    }

    /// Repeated along new leading axes and along axes of size 1.
    pub fn broadcast(&self, sizes: &[usize]) -> Array {
        if self.sizes() == sizes {
            return self.seen();
        }
        if sizes.contains(&0) {
            return self.without(sizes, self.dtype());
        }
        let Some(x) = self.aligned(sizes.len().max(1)) else { return self.without(sizes, self.dtype()) };
        self.with(by_kind!(self, float_expand int_expand bool_expand(x, shape(sizes))), sizes)
    }

    /// The arrays one after another along `axis`. There is at least one.
    pub fn concat(parts: &[&Array], axis: usize) -> Array {
        let first = parts[0];
        let mut sizes = Shape::from(first.sizes());
        sizes[axis] = parts.iter().map(|part| part.sizes()[axis]).sum();
        parts.iter().for_each(|part| first.meets("concat", part));
        let like = first.without(&sizes, first.dtype()).calculated_of(parts.iter().copied()).with_room("concat");
        let mut tensors: Vec<DispatchTensor> = parts.iter().filter_map(|part| part.tensor()).collect();
        match tensors.len() {
            _ if like.failed().is_some() => like,
            0 => like,
            1 => like.holding(tensors.pop()),
            _ => like.holding(Some(by_kind!(first, float_cat int_cat bool_cat(tensors, axis)))),
        }
    }

    /// `part` in place of what stands from `starts` on, a start for each axis.
    pub fn update_slice(self, part: &Array, starts: &[usize]) -> Array {
        self.meets("update_slice", part);
        if self.sizes() == part.sizes() {
            return part.seen();
        }
        let like = self.without(self.sizes(), self.dtype()).calculated_of([part]).with_room("update_slice");
        if like.failed().is_some() {
            return like;
        }
        let Some(value) = part.tensor() else { return self.seen() };
        let slices = slices(starts.iter().copied(), part.sizes());
        let x = self.into_tensor().expect("a part of some elements is one of some");
        let tensor = by_kind!(like, float_slice_assign int_slice_assign bool_slice_assign(x, &slices, value));
        like.holding(Some(tensor))
    }

    /// Rows (axis 0) chosen by `ids`: sizes are those of `ids`, then those of a row.
    pub fn gather(&self, ids: &Array) -> Array {
        self.meets("gather", ids);
        // On flex there is no choice of rows of booleans.
        if self.kind() == Kind::Bool {
            return self.by_integers(|x| x.gather(ids));
        }
        let sizes: Shape = ids.sizes().iter().chain(&self.sizes()[1..]).collect();
        let like = self.without(&sizes, self.dtype()).calculated_of([ids]).with_room("gather");
        let Some(table) = self.tensor().filter(|_| like.failed().is_none() && !sizes.contains(&0)) else { return like };
        let rows = ids.reshape(&[ids.len()]).tensor().expect("rows of some elements have ids");
        let chosen = by_kind!(self, float_select int_select int_select(table, 0, rows));
        like.holding(Some(by_kind!(self, float_reshape int_reshape bool_reshape(chosen, shape(&sizes)))))
    }

    /// What `f` makes of integers, for booleans.
    pub(crate) fn by_integers(&self, f: impl FnOnce(&Array) -> Array) -> Array {
        f(&self.cast(DType::I32)).compare_scalar(Compare::NotEqual, Scalar::Int(0))
    }

    /// The same array, as a constant if nothing is recorded.
    pub(crate) fn seen(&self) -> Array {
        match self.tensor() {
            Some(x) if self.is_tracked() => self.with(x, self.sizes()),
            _ => self.clone(),
        }
    }

    /// The tensor with so many axes: those that it lacks are of size 1 and come first.
    pub(crate) fn aligned(&self, rank: usize) -> Option<DispatchTensor> {
        self.clone().into_aligned(rank)
    }

    /// As [`aligned`](Self::aligned), without another owner if nobody else holds the array.
    pub(crate) fn into_aligned(self, rank: usize) -> Option<DispatchTensor> {
        if self.sizes().len() == rank || rank == 1 {
            return self.into_tensor();
        }
        let before = std::iter::repeat_n(&1, rank - self.sizes().len());
        let (sizes, kind): (Shape, Kind) = (before.chain(self.sizes()).collect(), self.kind());
        let x = self.into_tensor()?;
        Some(match kind {
            Kind::Float => Dispatch::float_reshape(x, sizes),
            Kind::Int => Dispatch::int_reshape(x, sizes),
            Kind::Bool => Dispatch::bool_reshape(x, sizes),
        })
    }
}

fn slices(starts: impl Iterator<Item = usize>, sizes: &[usize]) -> Vec<Slice> {
    starts.zip(sizes).map(|(start, &len)| Slice::from(start..start + len)).collect()
}
