//! What is calculated of each element and all before it.

use crate::array::{Array, Kind};
use crate::interface::is_flex;
use burn_backend::ops::FloatTensorOps;
use burn_dispatch::Dispatch;
use congruent::backend::Scan;

impl Array {
    /// `op` of each element and all before it along `axis`; nothing, where burn has no fast one. Its gradient of a product is
    /// divided by the elements, and those of integers panic where they should wrap around.
    pub(crate) fn scan(&self, op: Scan, axis: usize) -> Option<Array> {
        let is_divided = op == Scan::Product && self.is_tracked();
        if !is_flex(self.place()) || self.kind() != Kind::Float || is_divided {
            return None;
        }
        let x = self.tensor()?;
        let found = match op {
            Scan::Sum => Dispatch::float_cumsum(x, axis),
            Scan::Product => Dispatch::float_cumprod(x, axis),
        };
        Some(self.with(found, self.sizes()))
    }
}
