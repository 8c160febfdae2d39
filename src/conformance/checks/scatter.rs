//! Elements and rows that ids name, and what is calculated of each element and all before it.

use super::integers::{narrow, wide};
use super::rows::AXES;
use crate::backend::{Backend, Element, Engine, Float, Number, Scan};
use crate::conformance::case::{Case, float};
use crate::conformance::on::On;
use crate::conformance::reference::Near;
use crate::conformance::report::{Report, near, same};
use crate::conformance::sample::{Sample, double, ids, indices, numbers};
use crate::conformance::tolerance::Tolerance;
use crate::conformance::view::{Maker, View};

const SCAN: [Scan; 2] = [Scan::Sum, Scan::Product];

/// The sizes of a table, and those of ids that name its rows.
const TABLES: [[&[usize]; 2]; 9] = [
    [&[5], &[7]],
    [&[3, 4], &[6]],
    [&[3, 4], &[2, 5]],
    [&[7, 1], &[]],
    [&[4, 2, 3], &[3]],
    [&[4, 0], &[3]],
    [&[4, 2], &[0]],
    [&[0, 3], &[2, 0]],
    [&[1, 2], &[4, 1, 2]],
];

/// How many ids there are along an axis, beside arrays of some sizes: none, fewer than its positions, as many and more.
fn counts(size: usize) -> impl Iterator<Item = usize> {
    [0, 1, size, size + 2].into_iter().filter(move |count| size > 0 || *count == 0)
}

fn ids_along(sizes: &[usize], axis: usize, count: usize) -> Sample<u32> {
    let mut of_ids = sizes.to_vec();
    of_ids[axis] = count;
    ids(&of_ids, sizes[axis].max(1) as u32, 7)
}

/// Elements that are taken and put, bit by bit.
pub fn moved<E: Engine, T: Element>(
    report: &mut Report,
    device: &E::Device,
    element: fn(&mut crate::Rng) -> T::Primitive,
) {
    for (view, (sizes, axis)) in View::ALL.into_iter().flat_map(|view| AXES.map(|of| (view, of))) {
        let maker = Maker::<E> { view, device: device.clone() };
        let sample = |sizes: &[usize], seed| {
            let mut rng = crate::Rng::with_seed(seed);
            view.sample(&Sample::from_fn(sizes, |_| element(&mut rng)))
        };
        let x = sample(sizes, 1);
        let array = |sample: &Sample<T::Primitive>| maker.array_of::<T>(sample);
        for count in counts(sizes[axis]) {
            let ids = ids_along(sizes, axis, count);
            let of_type = <T::Primitive as crate::backend::Primitive>::DATA_TYPE;
            let of = format!("{of_type} {sizes:?} ({view}) along axis {axis}, {count} ids");
            let array_of_ids = || maker.as_given().array(&ids);
            report.check("take_along", &of, || {
                let found = On::<E, T>::take_along(&array(&x), axis, &array_of_ids());
                same::<E, T>(&found, &x.take_along(axis, &ids), device)
            });
            let values = sample(&ids.sizes, 2);
            report.check("put_along", &of, || {
                let (held, expected) = (array(&x), x.put_along(axis, &ids, &values));
                let put = |x| On::<E, T>::put_along(x, axis, &array_of_ids(), &array(&values));
                same::<E, T>(&put(held.clone()), &expected, device)?;
                same::<E, T>(&held, &x, device).map_err(|found| format!("an input that is held changed: {found}"))?;
                same::<E, T>(&put(array(&x)), &expected, device)
            });
        }
    }
}

/// The terms of each element of a table after rows were added to it, its own the first.
fn terms<T: Copy>(table: &Sample<T>, ids: &Sample<u32>, rows: &Sample<T>) -> Vec<Vec<T>> {
    let of_row = |index: &[usize]| {
        let added = indices(&ids.sizes).filter(|at| ids.at(at) as usize == index[0]);
        added.map(|at| rows.at(&[&at[..], &index[1..]].concat())).collect::<Vec<T>>()
    };
    indices(&table.sizes).map(|index| [vec![table.at(&index)], of_row(&index)].concat()).collect()
}

/// Tables and what is added to them.
fn tables<T: Number>() -> impl Iterator<Item = (Sample<T>, Sample<u32>, Sample<T>)> {
    TABLES.into_iter().map(|[table, of_ids]| {
        let rows = [of_ids, &table[1..]].concat();
        (numbers(table, 1), ids(of_ids, table[0].max(1) as u32, 2), numbers(&rows, 3))
    })
}

pub fn cases<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let mut cases = Vec::new();
    for (table, ids, rows) in tables::<T>() {
        let (given, known) = (ids.clone(), ids);
        let run = move |maker: &Maker<E>, x: Vec<E::Array<T>>| {
            let ids = maker.as_given().array(&given);
            let [x, rows] = <[_; 2]>::try_from(x).expect("a table and rows");
            On::<E, T>::scatter_add(x, &ids, &rows)
        };
        let expected = move |x: &[Sample<f64>]| {
            let sums = terms(&x[0], &known, &x[1]).into_iter().map(|terms| Near::sum(terms.into_iter()));
            Sample::new(&x[0].sizes, sums.collect())
        };
        cases.push(Case::new("scatter_add", "", [table, rows], run, expected));
    }
    for ((sizes, axis), op) in AXES.into_iter().flat_map(|of| SCAN.map(|op| (of, op))) {
        let with = format!("{op:?} along axis {axis}");
        let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::scan(op, &x[0], axis);
        // Zeros in some rows of a product: its slope is not that of a quotient.
        let x = Sample::from_fn(sizes, |index| index.iter().enumerate().map(|(axis, i)| (axis + 1) * i).sum::<usize>());
        let x = x.map(|number| number % 5 == 3);
        let given = numbers::<T>(sizes, 4);
        let given = Sample::from_fn(sizes, |at| if x.at(&at) { T::zero() } else { given.at(&at) });
        cases.push(Case::new("scan", with, [given], run, move |x| x[0].rows(axis, |row| scanned(op, row))));
    }
    for (sizes, axis) in AXES {
        let run = move |_: &Maker<E>, x: Vec<_>| On::<E, T>::linear_recurrence(&x[0], &x[1], axis);
        let pairs = |x: &[Sample<f64>]| Sample::from_fn(&x[0].sizes, |at| (x[0].at(&at), x[1].at(&at)));
        let expected = move |x: &[Sample<f64>]| pairs(x).rows(axis, recurred);
        let inputs = [numbers::<T>(sizes, 8), numbers(sizes, 9)];
        cases.push(Case::new("linear_recurrence", format!("along axis {axis}"), inputs, run, expected));
    }
    for (sizes, axis) in [(&[3, 4][..], 1), (&[3, 2, 2], 0), (&[2, 3], 0)] {
        let ids = ids_along(sizes, axis, 5);
        let x = || numbers::<T>(sizes, 5);
        let (given, known) = (ids.clone(), ids.clone());
        cases.push(Case::new(
            "take_along",
            format!("along axis {axis}"),
            [x()],
            move |maker: &Maker<E>, x| On::<E, T>::take_along(&x[0], axis, &maker.as_given().array(&given)),
            move |x| x[0].take_along(axis, &known).map(Near::relative),
        ));
        let (given, known) = (ids.clone(), ids);
        cases.push(Case::new(
            "put_along",
            format!("along axis {axis}"),
            [x(), numbers(&known.sizes, 6)],
            move |maker: &Maker<E>, x: Vec<E::Array<T>>| {
                let [x, values] = <[_; 2]>::try_from(x).expect("an array and values");
                On::<E, T>::put_along(x, axis, &maker.as_given().array(&given), &values)
            },
            move |x| x[0].put_along(axis, &known, &x[1]).map(Near::relative),
        ));
    }
    cases
}

fn scanned(op: Scan, row: &[f64]) -> Vec<Near> {
    let up_to = |end: usize| match op {
        Scan::Sum => Near::sum(row[..=end].iter().copied()),
        Scan::Product => Near::relative(row[..=end].iter().product()),
    };
    (0..row.len()).map(up_to).collect()
}

/// Each state: the decay of the one before it, and what is added.
fn recurred(row: &[(f64, f64)]) -> Vec<Near> {
    let next = |state: &mut Near, &(decay, x): &(f64, f64)| {
        *state = Near { value: decay * state.value + x, scale: decay.abs() * state.scale + x.abs() };
        Some(*state)
    };
    row.iter().scan(Near { value: 0.0, scale: 0.0 }, next).collect()
}

/// With integers, which wrap around.
pub fn integers<E: Engine, T: Number>(report: &mut Report, device: &E::Device) {
    for view in View::ALL {
        let maker = Maker::<E> { view, device: device.clone() };
        for (table, ids, rows) in tables::<T>() {
            let [table, rows] = [table, rows].map(|x| view.sample(&x));
            report.check("scatter_add", format!("{} {:?} ({view})", T::DATA_TYPE, [&table.sizes, &rows.sizes]), || {
                let sums = terms(&table, &ids, &rows);
                let sums = sums.iter().map(|terms| narrow(terms.iter().map(|&x| wide(x)).sum())).collect();
                let found =
                    On::<E, T>::scatter_add(maker.array(&table), &maker.as_given().array(&ids), &maker.array(&rows));
                same::<E, T>(&found, &Sample::new(&table.sizes, sums), device)
            });
        }
        let large = Sample::full(&[2, 9], narrow::<T>(wide(T::max_value()).min(i32::MAX as i128)));
        let given = AXES.iter().map(|(sizes, axis)| (numbers::<T>(sizes, 4), *axis));
        for ((x, axis), op) in given.chain([(large, 1)]).flat_map(|of| SCAN.map(|op| (of.clone(), op))) {
            let x = view.sample(&x);
            report.check("scan", format!("{} {:?} ({view}), {op:?} along axis {axis}", T::DATA_TYPE, x.sizes), || {
                let expected = x.rows(axis, |row| {
                    let up_to = |end: usize| {
                        let row = row[..=end].iter().map(|&x| wide(x));
                        narrow(match op {
                            Scan::Sum => row.sum(),
                            Scan::Product => row.fold(1, i128::wrapping_mul),
                        })
                    };
                    (0..row.len()).map(up_to).collect::<Vec<T>>()
                });
                same::<E, T>(&On::<E, T>::scan(op, &maker.array(&x), axis), &expected, device)
            });
        }
    }
}

/// What is infinite, or no number, reaches what it is a part of, and nothing else.
pub fn special<E: Engine, T: Float>(report: &mut Report, device: &E::Device, tolerance: Tolerance) {
    let maker = Maker::<E> { view: View::Whole, device: device.clone() };
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    let row = |x: &[f64]| Sample::new(&[x.len()], x.iter().map(|&x| float::<T>(x)).collect());
    let is = |found: E::Array<T>, expected: &[f64]| {
        let expected = Sample::new(&[expected.len()], expected.iter().map(|&x| Near::relative(x)).collect());
        near::<E, T>(&found, &expected, tolerance.values, device)
    };
    report.check("scatter_add", format!("{} of what is no number", T::DATA_TYPE), || {
        let ids = maker.array(&Sample::new(&[5], vec![1u32, 2, 2, 1, 3]));
        let rows = maker.array(&row(&[nan, infinity, 1.0, 2.0, -infinity]));
        is(
            On::<E, T>::scatter_add(maker.array(&row(&[1.0, 2.0, 3.0, 4.0])), &ids, &rows),
            &[1.0, nan, infinity, -infinity],
        )
    });
    report.check("scan", format!("{} of what is no number", T::DATA_TYPE), || {
        let x = maker.array(&row(&[1.0, 2.0, infinity, 1.0, -infinity, 1.0]));
        is(On::<E, T>::scan(Scan::Sum, &x, 0), &[1.0, 3.0, infinity, infinity, nan, nan])?;
        is(On::<E, T>::scan(Scan::Product, &x, 0), &[1.0, 2.0, infinity, infinity, -infinity, -infinity])
    });
    // Sums of narrow numbers are wide: one by one, `bf16` would stay at 256.
    report.check("scan", format!("{} of many ones", T::DATA_TYPE), || {
        let found = On::<E, T>::scan(Scan::Sum, &maker.array(&Sample::full(&[300], T::one())), 0);
        let last = On::<E, T>::narrow(&found, 0, 299, 1);
        is(last, &[double(float::<T>(300.0))])
    });
}
