//! What is large enough to be calculated in parts: past 65 536 elements, in products of some hundreds, and of thousands of terms.

use crate::backend::{Backend, Compare, Engine, Epilogue, Float, Number};
use crate::conformance::case::float;
use crate::conformance::on::On;
use crate::conformance::reference::rows::descending;
use crate::conformance::report::{Report, same};
use crate::conformance::sample::{Sample, ids, numbers};
use crate::conformance::view::{Maker, View};

/// More than 16 bits can count, and a multiple of nothing that work is shared by.
const MANY: usize = 70_003;

const VIEWS: [View; 2] = [View::Whole, View::Permuted];

/// What compares and chooses.
pub fn choice<E: Engine, T: Number>(report: &mut Report, device: &E::Device) {
    let [x, y] = [1, 2].map(|seed| numbers::<T>(&[MANY], seed));
    let table = numbers::<T>(&[MANY, 2], 3);
    let rows = ids(&[MANY], MANY as u32, 4);
    let columns = ids(&[MANY], 2, 5);
    let condition = columns.map(|id| id == 1);
    let pairs = |f: fn(T, T) -> bool| {
        Sample::new(&[MANY], x.elements.iter().zip(&y.elements).map(|(x, y)| f(*x, *y)).collect())
    };
    // The largest is one of the last.
    let mut largest = x.clone();
    largest.elements[MANY - 2] = T::max_value();
    for view in VIEWS {
        let maker = Maker::<E> { view, device: device.clone() };
        let of = format!("{} {MANY} elements ({view})", T::DATA_TYPE);
        report.check("compare", &of, || {
            let found = On::<E, T>::compare(Compare::Less, &maker.array(&x), &maker.array(&y));
            same::<E, bool>(&found, &pairs(|x, y| x < y), device)
        });
        report.check("select", &of, || {
            let found = On::<E, T>::select(&maker.array(&condition), &maker.array(&x), &maker.array(&y));
            let expected = |index: Vec<usize>| if condition.at(&index) { x.at(&index) } else { y.at(&index) };
            same::<E, T>(&found, &Sample::from_fn(&[MANY], expected), device)
        });
        report.check("gather", &of, || {
            let found = On::<E, T>::gather(&maker.array(&table), &maker.array(&rows));
            same::<E, T>(&found, &table.gather(&rows), device)
        });
        report.check("pick", &of, || {
            let found = On::<E, T>::pick(&maker.array(&table), &maker.array(&columns));
            same::<E, T>(&found, &table.pick(&columns), device)
        });
        report.check("argmax", &of, || {
            let found = On::<E, T>::argmax(&maker.array(&largest), 0);
            same::<E, u32>(&found, &Sample::new(&[], vec![descending(&largest.elements)[0] as u32]), device)
        });
    }
}

/// Products `(batch, m, k)` and `(batch, k, n)`.
const FACTORS: [[usize; 4]; 4] = [[1, 257, 300, 290], [1, 33, 3001, 130], [1, 1, 4100, 67], [3, 65, 129, 66]];

/// Of whole numbers so small that every sum of products is one that `f32` has, and the order of additions makes no difference:
/// a term that is missing is seen, however many there are.
pub fn products<E: Engine, T: Float>(report: &mut Report, device: &E::Device) {
    let whole = |sizes: &[usize], seed| ids(sizes, 7, seed).map(|x| i64::from(x) - 3);
    let as_floats = |x: &Sample<i64>| x.map(|x| float::<T>(x as f64));
    for [batch, m, k, n] in FACTORS {
        let (x, y) = (whole(&[batch, m, k], 1), whole(&[batch, k, n], 2));
        let mut product = Sample::full(&[batch, m, n], 0);
        for (row, sums) in product.elements.chunks_exact_mut(n).enumerate() {
            for (l, x) in x.elements[row * k..][..k].iter().enumerate() {
                let terms = &y.elements[(row / m * k + l) * n..][..n];
                sums.iter_mut().zip(terms).for_each(|(sum, y)| *sum += x * y);
            }
        }
        let [x, y, product] = [x, y, product].map(|x| as_floats(&x));
        for view in VIEWS {
            let maker = Maker::<E> { view, device: device.clone() };
            let of = format!("{} {:?} and {:?} ({view})", T::DATA_TYPE, x.sizes, y.sizes);
            report.check("matmul", &of, || {
                same::<E, T>(&On::<E, T>::matmul(&maker.array(&x), &maker.array(&y)), &product, device)
            });
            if batch == 1 {
                report.check("linear", &of, || {
                    let weight = y.reshape(&[k, n]).permute(&[1, 0]);
                    let found = On::<E, T>::linear(&maker.array(&x), &maker.array(&weight), Epilogue::default());
                    same::<E, T>(&found, &product, device)
                });
            }
        }
    }
}
