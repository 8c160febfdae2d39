//! Operations that move elements, of any type, bit by bit.

use super::elementwise::SHAPES;
use crate::Rng;
use crate::backend::{Backend, Element, Engine};
use crate::conformance::on::On;
use crate::conformance::report::{Report, same};
use crate::conformance::sample::{Sample, ids};
use crate::conformance::view::{Maker, View};

/// The permutations that are tried of so many axes.
fn orders(rank: usize) -> Vec<Vec<usize>> {
    let same: Vec<usize> = (0..rank).collect();
    let mut rotated = same.clone();
    rotated.rotate_left(rank.min(1));
    let mut swapped = same.clone();
    if rank > 1 {
        swapped.swap(rank - 2, rank - 1);
    }
    vec![same.iter().rev().copied().collect(), rotated, swapped, same]
}

/// Other sizes of the same product.
fn others(sizes: &[usize]) -> Vec<Vec<usize>> {
    let count = sizes.iter().product();
    let merged = if sizes.len() > 1 { [&[sizes[0] * sizes[1]], &sizes[2..]].concat() } else { sizes.to_vec() };
    let split = match sizes.split_last() {
        Some((last, outer)) if last.is_multiple_of(2) => [outer, &[last / 2, 2]].concat(),
        _ => [sizes, &[1]].concat(),
    };
    vec![vec![count], merged, split, [&[1], sizes].concat()]
}

pub fn check<E: Engine, T: Element>(report: &mut Report, device: &E::Device, element: fn(&mut Rng) -> T::Primitive) {
    for (view, shape) in View::ALL.into_iter().flat_map(|view| SHAPES.map(|shape| (view, shape))) {
        let maker = Maker::<E> { view, device: device.clone() };
        let sample = |sizes: &[usize], seed| {
            let mut rng = Rng::with_seed(seed);
            view.sample(&Sample::from_fn(sizes, |_| element(&mut rng)))
        };
        let x = sample(shape, 1);
        let array = |sample: &Sample<T::Primitive>| maker.array_of::<T>(sample);
        let of = format!("{} {shape:?} ({view})", <T::Primitive as crate::backend::Primitive>::DATA_TYPE);
        let is =
            |found: E::Array<T::Primitive>, expected: Sample<T::Primitive>| same::<E, T>(&found, &expected, device);

        report.check("to_vec", &of, || is(array(&x), x.clone()));
        for order in orders(shape.len()) {
            report.check("permute", format!("{of} to {order:?}"), || {
                is(On::<E, T>::permute(&array(&x), &order), x.permute(&order))
            });
        }
        for sizes in others(shape) {
            report.check("reshape", format!("{of} to {sizes:?}"), || {
                is(On::<E, T>::reshape(&array(&x), &sizes), x.reshape(&sizes))
            });
        }
        for sizes in [&[3], shape].map(|before| [before, shape].concat()).into_iter().filter(|sizes| sizes.len() <= 6) {
            let expected = x.broadcast(&sizes);
            report.check("broadcast", format!("{of} to {sizes:?}"), || {
                is(On::<E, T>::broadcast(&array(&x), &sizes), expected)
            });
        }
        let grown: Vec<usize> = shape.iter().map(|size| if *size == 1 { 3 } else { *size }).collect();
        report.check("broadcast", format!("{of} to {grown:?}"), || {
            is(On::<E, T>::broadcast(&array(&x), &grown), x.broadcast(&grown))
        });
        for axis in 0..shape.len() {
            let size = shape[axis];
            for (start, len) in [(0, size), (0, size / 2), (size / 2, size - size / 2), (size, 0)] {
                report.check("narrow", format!("{of} at axis {axis} to {start}, {len}"), || {
                    is(On::<E, T>::narrow(&array(&x), axis, start, len), x.narrow(axis, start, len))
                });
            }
            let mut other = shape.to_vec();
            other[axis] = 2;
            let y = sample(&other, 2);
            report.check("concat", format!("{of} and {other:?} along axis {axis}"), || {
                let (x_array, y_array) = (array(&x), array(&y));
                is(On::<E, T>::concat(&[&x_array, &y_array, &x_array], axis), Sample::concat(&[&x, &y, &x], axis))?;
                is(On::<E, T>::concat(&[&y_array], axis), y.clone())
            });
        }
        let part = sample(&shape.iter().map(|size| size.div_ceil(2)).collect::<Vec<_>>(), 3);
        let starts: Vec<usize> = shape.iter().map(|size| size / 2).collect();
        report.check("update_slice", format!("{of} from {starts:?}"), || {
            let (held, expected) = (array(&x), x.update_slice(&part, &starts));
            is(On::<E, T>::update_slice(held.clone(), &array(&part), &starts), expected.clone())?;
            is(held, x.clone()).map_err(|found| format!("an input that is held changed: {found}"))?;
            is(On::<E, T>::update_slice(array(&x), &array(&part), &starts), expected)
        });
        let condition = view.sample(&Sample::from_fn(shape, |index| index.iter().sum::<usize>() % 3 > 0));
        let y = sample(shape, 4);
        report.check("select", &of, || {
            let found = On::<E, T>::select(&maker.array(&condition), &array(&x), &array(&y));
            is(found, Sample::from_fn(shape, |index| if condition.at(&index) { x.at(&index) } else { y.at(&index) }))
        });
        let Some((&first, &last)) = shape.first().zip(shape.last()) else { continue };
        for sizes in [&[][..], &[4], &[0], &[2, 3]] {
            // Of no rows none can be chosen.
            if first == 0 && sizes != [0] || shape.len() + sizes.len() > 7 {
                continue;
            }
            let chosen = ids(sizes, first.max(1) as u32, 5);
            report.check("gather", format!("{of} by {sizes:?}"), || {
                let found = On::<E, T>::gather(&array(&x), &maker.as_given().array(&chosen));
                is(found, x.gather(&chosen))
            });
        }
        if last > 0 {
            let chosen = ids(&shape[..shape.len() - 1], last as u32, 6);
            report.check("pick", &of, || {
                let found = On::<E, T>::pick(&array(&x), &maker.as_given().array(&chosen));
                is(found, x.pick(&chosen))
            });
        }
    }
}
