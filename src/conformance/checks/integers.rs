//! Calculation with integers, which never panics: they wrap around.

use super::elementwise::PAIRS;
use super::matmul::FACTORS;
use super::rows::{AXES, REDUCE};
use crate::backend::{Backend, Binary, Engine, Number, Reduce, Value};
use crate::conformance::on::On;
use crate::conformance::reference::{elementwise::pairs, matmul::product};
use crate::conformance::report::{Report, same};
use crate::conformance::sample::{Sample, numbers};
use crate::conformance::view::{Maker, View};

/// In a type that holds all of them.
pub fn wide<T: Number>(x: T) -> i128 {
    match x.to_value() {
        Value::Integer(x) => x,
        Value::Float(_) => unreachable!("an integer"),
    }
}

/// The lowest bits.
pub fn narrow<T: Number>(x: i128) -> T {
    T::from_value(Value::Integer(x))
}

fn binary(op: Binary, x: i128, y: i128) -> i128 {
    match op {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x.wrapping_mul(y),
        Binary::Div => x.checked_div(y).unwrap_or(0),
        Binary::Max => x.max(y),
        Binary::Min => x.min(y),
        Binary::Fmod | Binary::Remainder if y == 0 => x,
        Binary::Fmod => x - x / y * y,
        Binary::Remainder => y.signum() * (x * y.signum()).rem_euclid(y.abs()),
        Binary::Pow => unreachable!("integers have no powers"),
    }
}

/// Sums are wide, and rounded to a narrow number at the end.
fn reduce<T: Number>(op: Reduce, row: &[T]) -> T {
    let row: Vec<i128> = row.iter().map(|&x| wide(x)).collect();
    let count = row.len() as i128;
    let mean = |terms: &mut dyn Iterator<Item = i128>| terms.sum::<i128>().checked_div(count).unwrap_or(0);
    let center = mean(&mut row.iter().copied());
    narrow(match op {
        Reduce::Sum => row.iter().sum(),
        Reduce::Mean => center,
        Reduce::Variance => mean(&mut row.iter().map(|x| (x - center) * (x - center))),
        Reduce::Max => row.into_iter().max().unwrap_or(wide(T::min_value())),
        Reduce::Min => row.into_iter().min().unwrap_or(wide(T::max_value())),
    })
}

pub fn check<E: Engine, T: Number>(report: &mut Report, device: &E::Device) {
    let extremes = Sample::new(&[6], vec![T::min_value(), T::max_value(), T::zero(), T::one(), narrow(-1), narrow(7)]);
    for view in View::ALL {
        let maker = Maker::<E> { view, device: device.clone() };
        let of = |sizes: &[&[usize]]| format!("{} {sizes:?} ({view})", T::DATA_TYPE);
        // Powers are asked of floats alone.
        for &op in Binary::ALL.iter().filter(|op| **op != Binary::Pow) {
            let given = PAIRS.iter().map(|[x, y]| [numbers::<T>(x, 1), numbers(y, 2)]);
            let rotations = (0..6).map(|by| {
                let mut other = extremes.clone();
                other.elements.rotate_left(by);
                [extremes.clone(), other]
            });
            for pair in given.chain(rotations) {
                let [x, y] = pair.each_ref().map(|x| view.sample(x));
                let expected = pairs(&x, &y, |x, y| narrow(binary(op, wide(x), wide(y))));
                report.check("binary", format!("{}, {op:?}", of(&[&x.sizes, &y.sizes])), || {
                    let (held, y) = (maker.array(&x), maker.array(&y));
                    same::<E, T>(&On::<E, T>::binary(op, held.clone(), y), &expected, device)?;
                    same::<E, T>(&held, &x, device)
                        .map_err(|found| format!("an input that is held is not as it was made: {found}"))
                });
            }
            for y in extremes.elements.iter().copied() {
                let x = view.sample(&extremes);
                report.check("binary_scalar", format!("{}, {op:?}, {y:?}", of(&[&x.sizes])), || {
                    let expected = x.map(|x| narrow(binary(op, wide(x), wide(y))));
                    same::<E, T>(&On::<E, T>::binary_scalar(op, maker.array(&x), y), &expected, device)
                });
                report.check("scalar_binary", format!("{}, {op:?}, {y:?}", of(&[&x.sizes])), || {
                    let expected = x.map(|x| narrow(binary(op, wide(y), wide(x))));
                    same::<E, T>(&On::<E, T>::scalar_binary(op, y, maker.array(&x)), &expected, device)
                });
            }
        }
        // Twice as many of the largest as fit, and numbers far apart.
        let far = Sample::from_fn(&[2, 8], |index| if index[1] % 2 == index[0] { T::max_value() } else { narrow(3) });
        let far = far.map(|x| narrow::<T>(wide(x).min(100)));
        let wrapping = Sample::full(&[3, 5], narrow::<T>(wide(T::max_value()).min(i32::MAX as i128)));
        let given = AXES.iter().map(|(sizes, axis)| (numbers::<T>(sizes, 3), *axis));
        for (x, axis) in given.chain([(far, 1), (wrapping, 1)]) {
            let x = view.sample(&x);
            for op in REDUCE {
                report.check("reduce", format!("{}, {op:?} along axis {axis}", of(&[&x.sizes])), || {
                    let found = On::<E, T>::reduce(op, &maker.array(&x), axis);
                    same::<E, T>(&found, &x.reduce(axis, |row| reduce(op, row)), device)
                });
            }
        }
        let factors = FACTORS.iter().map(|[x, y]| [numbers::<T>(x, 4), numbers(y, 5)]);
        // Products and sums beyond the type, and beyond the one of sums.
        let largest = [[2, 3], [3, 2]].map(|sizes| Sample::full(&sizes, T::max_value()));
        // Of more rows, terms and columns than kernels take at once.
        let large = [[[301, 3], [3, 130]], [[2, 300], [300, 3]]];
        let large = large.map(|sizes| [0, 1].map(|i| numbers::<T>(&sizes[i], 6)));
        for pair in factors.chain([largest]).chain(large) {
            let [x, y] = pair.map(|x| view.sample(&x));
            report.check("matmul", of(&[&x.sizes, &y.sizes]), || {
                let found = On::<E, T>::matmul(&maker.array(&x), &maker.array(&y));
                let wrapped = |sum: i128, (x, y)| sum.wrapping_add(wide::<T>(x).wrapping_mul(wide(y)));
                let sum = |pairs: &mut dyn Iterator<Item = (T, T)>| narrow(pairs.fold(0, wrapped));
                same::<E, T>(&found, &product(&x, &y, sum), device)
            });
        }
    }
}
