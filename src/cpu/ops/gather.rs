//! Rows of a table, by their ids.

use crate::backend::{Element, TableIndex};
use crate::cpu::array::{Array, Layout};

pub fn gather<T: Element, I: TableIndex>(table: &Array<T>, ids: &Array<I>) -> Array<T> {
    let row_sizes = &table.sizes()[1..];
    let ids_of_rows = ids.elements();
    let layout = Layout::joined(ids.sizes(), row_sizes);
    let chosen = ids_of_rows.iter().map(|id| id.row());
    if let Some(rows) = table.chosen_rows(chosen.clone(), layout) {
        return rows;
    }
    let row: usize = row_sizes.iter().product();
    let elements = table.elements();
    let rows = chosen.flat_map(|id| &elements[id * row..(id + 1) * row]).copied();
    Array::collect(layout.sizes(), rows)
}
