//! What is chosen along an axis: the largest, and their order.

use super::rows::AXES;
use crate::backend::{Backend, Engine, Number, Order, Value, composed};
use crate::conformance::on::On;
use crate::conformance::reference::rows::{ascending, descending};
use crate::conformance::report::{Report, same};
use crate::conformance::sample::{Sample, double, is_float, numbers};
use crate::conformance::view::{Maker, View};

/// Numbers of which some are equal.
fn some_equal<T: Number>(sizes: &[usize], seed: u64) -> Sample<T> {
    numbers::<T>(sizes, seed).map(|x| T::from_value(Value::Integer(double(x) as i128 % 3)))
}

/// Numbers that come before and after all others; of those that are none, the first is the largest.
fn extremes<T: Number>() -> Sample<T> {
    let row: Vec<T> = if is_float::<T>() {
        let (nan, infinity) = (f64::NAN, f64::INFINITY);
        [1.0, nan, -infinity, infinity, -0.0, nan, 0.0, infinity, -infinity]
            .map(|x| T::from_value(Value::Float(x)))
            .into()
    } else {
        let one = T::one();
        vec![one, T::max_value(), T::min_value(), T::zero(), T::max_value(), T::min_value(), one, one, one]
    };
    Sample::new(&[1, 9], row)
}

/// The position of the first one of the smallest, which is NaN if any is.
fn smallest<T: Number>(row: &[T]) -> usize {
    let of_nan = row.iter().position(|x| x.is_nan());
    of_nan.unwrap_or_else(|| (0..row.len()).fold(0, |first, at| if row[at] < row[first] { at } else { first }))
}

/// Conditions made one along an axis.
pub fn conditions<E: Engine>(report: &mut Report, device: &E::Device) {
    for (view, (sizes, axis)) in View::ALL.into_iter().flat_map(|view| AXES.map(|along| (view, along))) {
        let maker = Maker::<E> { view, device: device.clone() };
        for some in [2, 5] {
            let x = view.sample(&numbers::<i32>(sizes, 3).map(|x| x % some == 0));
            let of = format!("{sizes:?} ({view}) along axis {axis}");
            report.check("any", &of, || {
                let found = composed::any::<On<E, bool>>(&maker.array(&x), axis);
                same::<E, bool>(&found, &x.reduce(axis, |row| row.contains(&true)), device)
            });
            report.check("all", &of, || {
                let found = composed::all::<On<E, bool>>(&maker.array(&x), axis);
                same::<E, bool>(&found, &x.reduce(axis, |row| !row.contains(&false)), device)
            });
            report.check("count", &of, || {
                let found = composed::count::<On<E, bool>>(&maker.array(&x), axis);
                let count = |row: &[bool]| row.iter().filter(|holds| **holds).count() as u32;
                same::<E, u32>(&found, &x.reduce(axis, count), device)
            });
        }
    }
}

pub fn check<E: Engine, T: Number>(report: &mut Report, device: &E::Device) {
    for view in View::ALL {
        let maker = Maker::<E> { view, device: device.clone() };
        let given = AXES.iter().map(|(sizes, axis)| (some_equal::<T>(sizes, 1), *axis));
        for (x, axis) in given.chain([(extremes(), 1)]) {
            let x = view.sample(&x);
            let of = format!("{} {:?} ({view})", T::DATA_TYPE, x.sizes);
            if x.sizes[axis] > 0 {
                report.check("argmax", format!("{of} along axis {axis}"), || {
                    let found = On::<E, T>::argmax(&maker.array(&x), axis);
                    same::<E, u32>(&found, &x.reduce(axis, |row| descending(row)[0] as u32), device)
                });
                report.check("argmin", format!("{of} along axis {axis}"), || {
                    let found = composed::argmin::<On<E, T>>(&maker.array(&x), axis);
                    same::<E, u32>(&found, &x.reduce(axis, |row| smallest(row) as u32), device)
                });
            }
            for order in [Order::Ascending, Order::Descending] {
                report.check("argsort", format!("{of} along axis {axis}, {order:?}"), || {
                    let sorted = if order == Order::Ascending { ascending } else { descending };
                    let expected = x.rows(axis, |row| sorted(row).into_iter().map(|at| at as u32).collect());
                    same::<E, u32>(&On::<E, T>::argsort(&maker.array(&x), axis, order), &expected, device)
                });
            }
            let last = x.rank() - 1;
            for k in [0, 1, 2, 3, x.sizes[last]].into_iter().filter(|k| *k <= x.sizes[last]) {
                report.check("top_k", format!("{of}, k {k}"), || {
                    let (values, positions) = On::<E, T>::top_k(&maker.array(&x), k);
                    let order = x.rows(last, |row| descending(row).into_iter().map(|at| at as u32).collect());
                    let order = order.narrow(last, 0, k);
                    same::<E, u32>(&positions, &order, device)?;
                    let expected = Sample::from_fn(&order.sizes, |mut index| {
                        index[last] = order.at(&index) as usize;
                        x.at(&index)
                    });
                    same::<E, T>(&values, &expected, device)
                });
            }
        }
    }
}
