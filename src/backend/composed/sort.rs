//! Elements in order.

use super::elementwise::positions;
use super::scatter::around;
use crate::backend::{ArrayOf, Backend, Binary, Compare, Float, Number, Order, With, constant};

/// See [`Backend::argsort`]: pairs are exchanged in the order of a bitonic network
/// ([Batcher 1968](https://doi.org/10.1145/1468075.1468121)), which is the same whatever they are.
pub fn argsort<B: Backend<Elem: Number>>(x: &ArrayOf<B>, axis: usize, order: Order) -> ArrayOf<B, u32> {
    let sizes = B::sizes(x).to_vec();
    let [outer, size, inner] = around(&sizes, axis);
    let rows = B::permute(&B::reshape(&B::detach(x.clone()), &[outer, size, inner]), &[0, 2, 1]);
    let rows = B::reshape(&rows, &[outer * inner, size]);
    let mut pairs = keyed::<B>(&rows, order);
    let padded = size.next_power_of_two();
    let mut block = 2;
    while block <= padded {
        let mut apart = block / 2;
        while apart > 0 {
            pairs = exchanged::<B>(pairs, block, apart, order);
            apart /= 2;
        }
        block *= 2;
    }
    let numbers = With::<B, u32>::narrow(&pairs.1, 1, 0, size);
    let without = With::<B, u32>::binary_scalar(Binary::Sub, numbers.clone(), padded as u32);
    let is_later = With::<B, u32>::compare_scalar(Compare::GreaterOrEqual, &numbers, padded as u32);
    let positions = With::<B, u32>::select(&is_later, &without, &numbers);
    let rows = With::<B, u32>::reshape(&positions, &[outer, inner, size]);
    With::<B, u32>::reshape(&With::<B, u32>::permute(&rows, &[0, 2, 1]), &sizes)
}

/// Keys, and the numbers that say which of equal ones comes first.
type Pairs<B> = (ArrayOf<B>, ArrayOf<B, u32>);

/// The elements of rows, as many as a power of two, and their positions. What is no number is as large as the largest; of those
/// that are, a whole row is added to the positions of the ones that come later, and to those of what fills the row.
fn keyed<B: Backend<Elem: Number>>(rows: &ArrayOf<B>, order: Order) -> Pairs<B> {
    let (device, sizes) = (B::device(rows), B::sizes(rows).to_vec());
    let size = sizes[1];
    let padded = [sizes[0], size.next_power_of_two()];
    let filled = [sizes[0], padded[1] - size];
    let (largest, lowest) = (constant(f64::INFINITY), constant(f64::NEG_INFINITY));
    let is_nan = B::compare(Compare::NotEqual, rows, rows);
    let keys = B::select(&is_nan, &B::filled(largest, &sizes, &device), rows);
    let last = if order == Order::Ascending { largest } else { lowest };
    let keys = B::concat(&[&keys, &B::filled(last, &filled, &device)], 1);

    let later =
        |sizes: &[usize], is_later| With::<B, u32>::filled(if is_later { padded[1] as u32 } else { 0 }, sizes, &device);
    let [with_nan, without] = [true, false].map(|is_nan| later(&sizes, is_nan == (order == Order::Ascending)));
    let later_ones = With::<B, u32>::select(&is_nan, &with_nan, &without);
    let later_ones = With::<B, u32>::concat(&[&later_ones, &later(&filled, true)], 1);
    (keys, With::<B, u32>::binary(Binary::Add, later_ones, positions::<B>(1, &padded, rows)))
}

/// Each pair so many elements apart in order: in every second block of so many in the opposite one.
fn exchanged<B: Backend<Elem: Number>>(
    (keys, numbers): Pairs<B>,
    block: usize,
    apart: usize,
    order: Order,
) -> Pairs<B> {
    let sizes = B::sizes(&keys).to_vec();
    let [rows, groups] = [sizes[0], sizes[1] / (2 * apart)];
    let (split, half) = ([rows, groups, 2, apart], [rows, groups, 1, apart]);
    let (keys, numbers) = (B::reshape(&keys, &split), With::<B, u32>::reshape(&numbers, &split));
    let [key, other_key] = [0, 1].map(|i| B::narrow(&keys, 2, i, 1));
    let [number, other_number] = [0, 1].map(|i| With::<B, u32>::narrow(&numbers, 2, i, 1));

    let before = if order == Order::Ascending { Compare::Less } else { Compare::Greater };
    let is_before = With::<B, bool>::select(
        &B::compare(Compare::Equal, &other_key, &key),
        &With::<B, u32>::compare(Compare::Less, &other_number, &number),
        &B::compare(before, &other_key, &key),
    );
    let is_turned = (0..groups).map(|group| (group * 2 * apart) & block != 0).collect();
    let is_turned = With::<B, bool>::from_elements(is_turned, &[groups, 1, 1], &B::device(&keys));
    let is_turned = With::<B, bool>::broadcast(&is_turned, &half);
    let is_exchanged = With::<B, bool>::compare(Compare::NotEqual, &is_before, &is_turned);

    let keys = [B::select(&is_exchanged, &other_key, &key), B::select(&is_exchanged, &key, &other_key)];
    let chosen = |x, y| With::<B, u32>::select(&is_exchanged, x, y);
    let numbers = [chosen(&other_number, &number), chosen(&number, &other_number)];
    let (keys, numbers) = (B::concat(&keys.each_ref(), 2), With::<B, u32>::concat(&numbers.each_ref(), 2));
    (B::reshape(&keys, &sizes), With::<B, u32>::reshape(&numbers, &sizes))
}

/// The number that a share of each row along an axis, which goes, is below: between two elements, as far from the lower one as
/// the share says. NaN if any element is, or there is none.
pub fn quantile<B: Backend<Elem: Float>>(x: &ArrayOf<B>, axis: usize, share: f64) -> ArrayOf<B> {
    let mut sizes = B::sizes(x).to_vec();
    let Some(last) = sizes.remove(axis).checked_sub(1) else {
        return B::filled(constant(f64::NAN), &sizes, &B::device(x));
    };
    let order = B::argsort(x, axis, Order::Ascending);
    let at = |position| {
        let ids = With::<B, u32>::narrow(&order, axis, position, 1);
        B::reshape(&B::take_along(x, axis, &ids), &sizes)
    };
    let place = share * last as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let by = |x, factor| B::binary_scalar(Binary::Mul, x, constant(factor));
    let found = match part {
        0.0 => at(below),
        _ => B::binary(Binary::Add, by(at(below), 1.0 - part), by(at(below + 1), part)),
    };
    // What is no number is the last in this order.
    let largest = at(last);
    B::select(&B::compare(Compare::Equal, &largest, &largest), &found, &largest)
}
