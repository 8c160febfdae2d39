//! Elements and rows that ids name, taken and put.

use crate::array::{Array, Kind};
use burn_backend::ops::{FloatTensorOps, IntTensorOps};
use burn_backend::tensor::IndexingUpdateOp;
use burn_dispatch::Dispatch;

impl Array {
    /// The elements along `axis` that `ids` name: their sizes are those of the array, but for that axis.
    pub(crate) fn take_along(&self, axis: usize, ids: &Array) -> Array {
        self.meets("take_along", ids);
        if self.kind() == Kind::Bool {
            return self.by_integers(|x| x.take_along(axis, ids));
        }
        let like = self.without(ids.sizes(), self.dtype()).calculated_of([ids]).with_room("take_along");
        let (Some(x), Some(ids)) = (self.tensor(), ids.tensor()) else { return like };
        if like.failed().is_some() {
            return like;
        }
        like.holding(Some(match self.kind() {
            Kind::Float => Dispatch::float_gather(axis, x, ids),
            _ => Dispatch::int_gather(axis, x, ids),
        }))
    }

    /// The array with each of `rows` added to the row (axis 0) that its id names.
    pub(crate) fn scatter_add(self, ids: &Array, rows: &Array) -> Array {
        self.meets("scatter_add", ids);
        self.meets("scatter_add", rows);
        let like = self.without(self.sizes(), self.dtype()).calculated_of([ids, rows]);
        if like.failed().is_some() {
            return like;
        }
        let count = [&[ids.len()], &self.sizes()[1..]].concat();
        let (Some(ids), Some(rows)) = (ids.reshape(&[ids.len()]).tensor(), rows.reshape(&count).tensor()) else {
            return self.seen();
        };
        let kind = self.kind();
        let x = self.into_tensor().expect("rows of some elements are added to some");
        like.holding(Some(match kind {
            Kind::Float => Dispatch::float_select_assign(x, 0, ids, rows, IndexingUpdateOp::Add),
            _ => Dispatch::int_select_assign(x, 0, ids, rows, IndexingUpdateOp::Add),
        }))
    }

    /// The array with each of `values` in place of the element along `axis` that its id names.
    pub(crate) fn put_along(self, axis: usize, ids: &Array, values: &Array) -> Array {
        self.meets("put_along", ids);
        self.meets("put_along", values);
        if self.kind() == Kind::Bool {
            let values = values.cast(burn_backend::DType::I32);
            return self.by_integers(|x| x.clone().put_along(axis, ids, &values));
        }
        let like = self.without(self.sizes(), self.dtype()).calculated_of([ids, values]);
        if like.failed().is_some() {
            return like;
        }
        let (Some(ids), Some(values)) = (ids.tensor(), values.tensor()) else { return self.seen() };
        let kind = self.kind();
        let x = self.into_tensor().expect("values are put in place of others");
        like.holding(Some(match kind {
            Kind::Float => Dispatch::float_scatter(axis, x, ids, values, IndexingUpdateOp::Assign),
            _ => Dispatch::int_scatter(axis, x, ids, values, IndexingUpdateOp::Assign),
        }))
    }
}
