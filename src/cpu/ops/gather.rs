//! Rows of a table, by their ids.

use crate::backend::Element;
use crate::cpu::array::{Array, Layout};

/// The rows of these numbers, whose sizes are those of a row behind `sizes`.
pub fn gather<T: Element>(table: &Array<T>, rows: impl Iterator<Item = usize> + Clone, sizes: &[usize]) -> Array<T> {
    let row_sizes = &table.sizes()[1..];
    let layout = Layout::joined(sizes, row_sizes);
    if let Some(found) = table.chosen_rows(rows.clone(), layout) {
        return found;
    }
    let row: usize = row_sizes.iter().product();
    let elements = table.elements();
    let found = rows.flat_map(|id| &elements[id * row..(id + 1) * row]).copied();
    Array::collect(layout.sizes(), found)
}
