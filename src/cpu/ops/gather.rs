//! Rows of a table and elements along an axis, by their ids.

use crate::backend::{Binary, Element, Number};
use crate::cpu::array::{Array, Layout};
use crate::cpu::parallel::for_each_chunk;

/// The rows of these numbers, whose sizes are those of a row behind `sizes`.
pub fn gather<T: Element>(table: &Array<T>, rows: impl Iterator<Item = usize> + Clone, sizes: &[usize]) -> Array<T> {
    let row_sizes = &table.sizes()[1..];
    let layout = Layout::joined(sizes, row_sizes);
    if let Some(found) = table.chosen_rows(rows.clone(), layout) {
        return found;
    }
    let row: usize = row_sizes.iter().product();
    let elements = table.elements();
    Array::joined(layout, rows.map(|id| &elements[id * row..(id + 1) * row]))
}

/// The places, among all elements of an array of these sizes, of the elements along an axis that ids name.
pub fn places_along(sizes: &[usize], axis: usize, ids: &Array<u32>) -> Vec<usize> {
    let (size, inner) = (sizes[axis], sizes[axis + 1..].iter().product::<usize>());
    let count = ids.sizes()[axis];
    let place = |(at, &id): (usize, &u32)| (at / (count * inner) * size + id as usize) * inner + at % inner;
    ids.elements().iter().enumerate().map(place).collect()
}

/// The array with these values at these places; of several at one place, the last.
pub fn put<T: Element>(x: Array<T>, places: &[usize], values: &Array<T>) -> Array<T> {
    let mut x = x.unshared();
    let elements = x.as_mut_slice().expect("nobody else holds it");
    places.iter().zip(&*values.elements()).for_each(|(&place, &value)| elements[place] = value);
    x
}

/// The positions of numbers below `count` in the order of the numbers, and of equal ones in their own: a counting sort.
fn by_number(numbers: &[usize], count: usize) -> Vec<usize> {
    let mut places = vec![0; count + 1];
    numbers.iter().for_each(|&number| places[number + 1] += 1);
    (0..count).for_each(|number| places[number + 1] += places[number]);
    let mut order = vec![0; numbers.len()];
    for (position, &number) in numbers.iter().enumerate() {
        order[places[number]] = position;
        places[number] += 1;
    }
    order
}

/// The table with each of `rows` added to the row that it is for: those for one in their order, summed in the type of sums.
pub fn scatter_add<T: Number>(x: Array<T>, at: &[usize], rows: &Array<T>) -> Array<T> {
    /// Elements of the table that one core takes at a time.
    const CHUNK: usize = 1 << 12;
    let size: usize = x.sizes()[1..].iter().product();
    let rows = rows.elements();
    let order = by_number(at, x.sizes()[0]);
    let of_chunk = (CHUNK / size.max(1)).max(1);
    let mut x = x.unshared();
    let table = x.as_mut_slice().expect("nobody else holds it");
    for_each_chunk(table, of_chunk * size, of_chunk * size * 2, |chunk, table| {
        let first = chunk * of_chunk;
        let end = first + table.len() / size;
        let start = order.partition_point(|&row| at[row] < first);
        let end = start + order[start..].partition_point(|&row| at[row] < end);
        let mut sum = Vec::with_capacity(size);
        for of_one in order[start..end].chunk_by(|&row, &next| at[row] == at[next]) {
            let to = &mut table[(at[of_one[0]] - first) * size..][..size];
            sum.clear();
            sum.extend(to.iter().map(|to| to.widen()));
            for &row in of_one {
                let added = sum.iter_mut().zip(&rows[row * size..][..size]);
                added.for_each(|(sum, x)| *sum = T::Sum::binary(Binary::Add, *sum, x.widen()));
            }
            to.iter_mut().zip(&sum).for_each(|(to, &sum)| *to = T::narrow(sum));
        }
    });
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gather_takes_whole_rows() {
        let table = Array::from_vec(vec![0, 1, 2, 3, 4, 5], &[3, 2]);
        let rows = gather(&table, [2, 0, 2, 1].into_iter(), &[2, 2]);
        assert_eq!((rows.sizes(), &*rows.elements()), (&[2, 2, 2][..], &[4, 5, 0, 1, 4, 5, 2, 3][..]));
        assert_eq!(*gather(&table.permute(&[1, 0]), [0].into_iter(), &[1, 1]).elements(), [0, 2, 4]);
    }

    #[test]
    fn narrow_sums_are_rounded_once() {
        // 256 and 1 is 256 again in `bf16`.
        let x = Array::full(half::bf16::from_f32(256.0), &[1]);
        let ones = Array::full(half::bf16::ONE, &[2]);
        assert_eq!(scatter_add(x, &[0, 0], &ones).elements()[0].to_f32(), 258.0);
    }
}
