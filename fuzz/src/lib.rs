//! What several targets do with a file that was taken.

use congruent::io::{Source, Weights, load};
use congruent::prelude::*;

dims! { Rows; Columns; }

/// More elements than this are not read: what an axis of a stride of zero stands for can be long.
const MOST: usize = 1 << 16;

/// Reads each tensor of one or two axes as `f32`, and multiplies by it: a file that was taken has tensors that can be used.
pub fn use_all(file: &dyn Source) {
    for name in file.names() {
        let sizes = file.get(&name).expect("a tensor of each name").sizes;
        if sizes.iter().try_fold(1usize, |all, size| all.checked_mul((*size).max(1))).is_none_or(|all| all > MOST) {
            continue;
        }
        let (rows, columns) = match sizes[..] {
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            _ => continue,
        };
        bind!(rows: Rows = rows, columns: Columns = columns);
        let one_axis = sizes.len() == 1;
        let read = load(file, |weights: Weights<'_, f32>| {
            file.names().iter().filter(|other| **other != name).for_each(|other| weights.ignore(other));
            let weights = weights.casting();
            if one_axis {
                weights.tensor(&name, (columns,)).expand(rows)
            } else {
                weights.tensor(&name, (rows, columns))
            }
        });
        if let Ok(tensor) = read {
            let product = einsum!("r c, c -> r", &tensor, &Tensor::ones((columns,)));
            assert_eq!(product.to_vec().len(), rows.size());
            assert_eq!(tensor.to_vec().len(), rows.size() * columns.size());
        }
    }
}
