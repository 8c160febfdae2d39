//! The backward pass of a gather: a scatter-add.

use crate::backend::Float;
use crate::cpu::array::Array;
use crate::cpu::kernels::{all_widened, write};
use crate::cpu::parallel::for_each_chunk;

/// Scatter-add of rows into a table of zeros: those of one index in the order in which they were gathered.
pub fn add_rows<T: Float>(gradient: &Array<T>, rows: &[usize], sizes: &[usize]) -> Array<T> {
    /// Elements of the table that one core takes at a time.
    const CHUNK: usize = 1 << 12;
    let size: usize = sizes[1..].iter().product();
    let elements = gradient.elements();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&taken| rows[taken]);
    let of_chunk = (CHUNK / size.max(1)).max(1);
    Array::build(sizes, |table| {
        for_each_chunk(table, of_chunk * size, of_chunk * size * 2, |chunk, table| {
            write(table, |table| {
                table.fill(num_traits::zero());
                let first = chunk * of_chunk;
                let end = first + table.len() / size;
                let start = order.partition_point(|&taken| rows[taken] < first);
                let here = order[start..].iter().take_while(|&&taken| rows[taken] < end);
                for &taken in here {
                    let to = &mut table[(rows[taken] - first) * size..][..size];
                    let from = all_widened(&elements[taken * size..][..size]);
                    to.iter_mut().zip(&*from).for_each(|(to, &from)| *to = *to + from);
                }
            });
        });
    })
}

/// Rows of these sizes of zeros, but for elements at some positions of each.
pub fn add_elements<T: Float>(gradient: &Array<T>, positions: &Array<u32>, sizes: &[usize]) -> Array<T> {
    let size = *sizes.last().expect("a last axis");
    let count = *positions.sizes().last().expect("a last axis");
    let (elements, positions) = (gradient.elements(), positions.elements());
    Array::build(sizes, |out| {
        out.fill(T::zero());
        for (at, (&x, &position)) in elements.iter().zip(positions.iter()).enumerate() {
            out[at / count * size + position as usize] = x;
        }
    })
}
