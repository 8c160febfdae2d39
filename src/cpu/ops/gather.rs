//! Rows of a table, by their ids.

use crate::backend::Element;
use crate::cpu::array::{Array, Layout};

/// The rows of these numbers, whose sizes are those of a row behind `sizes`.
pub fn gather<T: Element>(table: &Array<T>, rows: &[usize], sizes: &[usize]) -> Array<T> {
    let row_sizes = &table.sizes()[1..];
    let layout = Layout::joined(sizes, row_sizes);
    if let Some(found) = table.chosen_rows(rows.iter().copied(), layout) {
        return found;
    }
    let row: usize = row_sizes.iter().product();
    let elements = table.elements();
    let found = rows.iter().flat_map(|id| &elements[id * row..(id + 1) * row]).copied();
    Array::collect(layout.sizes(), found)
}
