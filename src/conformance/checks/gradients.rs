//! Gradients, beside differences of what an operation should give.

use crate::backend::{AttentionOptions, Autodiff, Backend, Binary, Engine, Float, Reduce, Unary, composed};
use crate::conformance::case::{Case, doubled, float};
use crate::conformance::checks::{attention, elementwise, matmul, rows, scatter, windows};
use crate::conformance::on::On;
use crate::conformance::reference::attention::Mask;
use crate::conformance::reference::{Near, elementwise as expected};
use crate::conformance::report::{Report, elements, holds, is_near, near};
use crate::conformance::sample::{Sample, double, ids, numbers};
use crate::conformance::tolerance::Tolerance;
use crate::conformance::view::{Maker, View};

/// The sum of `y`, each element times its weight: what gradients are calculated of.
fn loss<E: Engine, T: Float>(y: E::Array<T>, weight: E::Array<T>) -> E::Array<T> {
    let weighted = On::<E, T>::binary(Binary::Mul, y, weight);
    let count = On::<E, T>::sizes(&weighted).iter().product();
    On::<E, T>::reduce(Reduce::Sum, &On::<E, T>::reshape(&weighted, &[count]), 0)
}

/// The most elements of an input that the gradient is looked at with respect to: more take long.
const MOST: usize = 24;

/// The gradient of that with respect to some elements of an input, by central differences of double numbers: what is to be
/// expected is more precise than what is found, whatever the type of its elements.
fn differences(
    expected: &dyn Fn(&[Sample<f64>]) -> Sample<Near>,
    inputs: &[Sample<f64>],
    number: usize,
    weight: &Sample<f64>,
) -> Vec<(usize, Near)> {
    let step = 1e-5;
    let at = |element: usize, by: f64| {
        let mut moved = inputs.to_vec();
        moved[number].elements[element] += by;
        expected(&moved).elements
    };
    let slope = |element| {
        let (above, below) = (at(element, step), at(element, -step));
        let slopes = above.iter().zip(&below).map(|(above, below)| (above.value - below.value) / (2.0 * step));
        (element, Near::sum(slopes.zip(&weight.elements).map(|(slope, weight)| slope * weight)))
    };
    let count = inputs[number].elements.len();
    let slopes: Vec<_> = (0..count).step_by(count.div_ceil(MOST).max(1)).map(slope).collect();
    // What is small beside the others is the difference of larger numbers.
    let largest = slopes.iter().map(|(_, slope)| slope.scale).fold(1.0, f64::max);
    slopes.into_iter().map(|(at, slope)| (at, Near { scale: slope.scale + largest, ..slope })).collect()
}

/// Of each input of each operation.
pub fn check<E: Engine, T: Float>(report: &mut Report, device: &E::Device, tolerance: Tolerance)
where
    E::Backend<T>: Autodiff<Elem = T, Engine = E>,
{
    let cases = [
        elementwise::cases(),
        rows::cases(),
        scatter::cases(),
        matmul::cases(),
        windows::cases(),
        attention::cases(),
        moved(),
    ];
    for case in cases.into_iter().flatten() {
        let inputs = doubled(&case.inputs);
        let sizes = (case.expected)(&inputs).sizes;
        let weight = numbers::<T>(&sizes, 77);
        let expected: Vec<_> = (0..inputs.len())
            .map(|number| differences(&*case.expected, &inputs, number, &weight.map(double)))
            .collect();
        for view in [View::Whole, View::Permuted, View::Narrowed] {
            report.check("gradient", format!("`{}` of {}", case.operation, case.of(view)), || {
                let maker = Maker::<E> { view, device: device.clone() };
                let tracked: Vec<_> = case.inputs.iter().map(|x| On::<E, T>::track(maker.array(x))).collect();
                let y = (case.run)(&maker, tracked.clone());
                let gradients = On::<E, T>::backward(loss::<E, T>(y, maker.array(&weight)));
                for ((number, x), expected) in tracked.iter().enumerate().zip(&expected) {
                    let Some(gradient) = On::<E, T>::gradient(&gradients, x) else {
                        let is_zero = expected.iter().all(|(_, slope)| slope.value == 0.0);
                        holds(is_zero, format_args!("there is none of input {number}"))?;
                        continue;
                    };
                    let found = elements::<E, T>(&gradient, &inputs[number].sizes, device)?;
                    for (at, expected) in expected {
                        is_near(found[*at], *expected, tolerance.gradients)
                            .map_err(|found| format!("of input {number} at element {at} {found}"))?;
                    }
                }
                Ok(())
            });
        }
    }
    ties::<E, T>(report, device, tolerance);
    padding::<E, T>(report, device);
}

/// Operations that move elements, where gradients go back the same way.
fn moved<E: Engine, T: Float>() -> Vec<Case<E, T>> {
    let exact = |x: Sample<f64>| x.map(Near::relative);
    let x = || [numbers::<T>(&[2, 3, 4], 1)];
    let chosen = ids(&[2, 3], 2, 2);
    let picked = ids(&[2, 3], 4, 3);
    let condition = Sample::from_fn(&[2, 3, 4], |index| index.iter().sum::<usize>() % 3 > 0);
    let (gathered, known) = (chosen.clone(), chosen);
    let (taken, known_taken) = (picked.clone(), picked);
    let (choice, known_choice) = (condition.clone(), condition);
    vec![
        Case::new(
            "permute",
            "",
            x(),
            |_, x| On::<E, T>::permute(&x[0], &[2, 0, 1]),
            move |x| exact(x[0].permute(&[2, 0, 1])),
        ),
        Case::new(
            "reshape",
            "",
            x(),
            |_, x| On::<E, T>::reshape(&x[0], &[6, 4]),
            move |x| exact(x[0].reshape(&[6, 4])),
        ),
        Case::new("narrow", "", x(), |_, x| On::<E, T>::narrow(&x[0], 1, 1, 2), move |x| exact(x[0].narrow(1, 1, 2))),
        Case::new(
            "broadcast",
            "",
            [numbers::<T>(&[3, 1, 4], 2)],
            |_, x| On::<E, T>::broadcast(&x[0], &[2, 3, 5, 4]),
            move |x| exact(x[0].broadcast(&[2, 3, 5, 4])),
        ),
        Case::new(
            "concat",
            "",
            [numbers::<T>(&[2, 3], 3), numbers(&[2, 1], 4)],
            |_, x| On::<E, T>::concat(&[&x[0], &x[1], &x[0]], 1),
            move |x| exact(Sample::concat(&[&x[0], &x[1], &x[0]], 1)),
        ),
        Case::new(
            "update_slice",
            "",
            [numbers::<T>(&[3, 4], 5), numbers(&[2, 2], 6)],
            |_, x: Vec<E::Array<T>>| On::<E, T>::update_slice(x[0].clone(), &x[1], &[1, 0]),
            move |x| exact(x[0].update_slice(&x[1], &[1, 0])),
        ),
        Case::new(
            "gather",
            "",
            x(),
            move |maker: &Maker<E>, x| On::<E, T>::gather(&x[0], &maker.as_given().array(&gathered)),
            move |x| exact(x[0].gather(&known)),
        ),
        Case::new(
            "pick",
            "",
            x(),
            move |maker: &Maker<E>, x| On::<E, T>::pick(&x[0], &maker.as_given().array(&taken)),
            move |x| exact(x[0].pick(&known_taken)),
        ),
        Case::new(
            "select",
            "",
            [numbers::<T>(&[2, 3, 4], 7), numbers(&[2, 3, 4], 8)],
            move |maker: &Maker<E>, x| On::<E, T>::select(&maker.as_given().array(&choice), &x[0], &x[1]),
            move |x| {
                exact(Sample::from_fn(&[2, 3, 4], |at| if known_choice.at(&at) { x[0].at(&at) } else { x[1].at(&at) }))
            },
        ),
        Case::new(
            "top_k",
            "",
            x(),
            |_, x| On::<E, T>::top_k(&x[0], 2).0,
            move |x| {
                exact(
                    x[0].rows(2, |row| {
                        let order = crate::conformance::reference::rows::descending(row);
                        (0..row.len()).map(|at| row[order[at]]).collect()
                    })
                    .narrow(2, 0, 2),
                )
            },
        ),
        Case::new(
            "cast",
            "",
            x(),
            |_, x| On::<E, T::Wide>::cast::<T>(&On::<E, T>::cast::<T::Wide>(&x[0])),
            |x| x[0].map(Near::relative),
        ),
        // Each use adds to the gradient.
        Case::new(
            "binary",
            "the same array twice",
            x(),
            |_, x: Vec<E::Array<T>>| {
                On::<E, T>::binary(Binary::Mul, On::<E, T>::unary(Unary::Tanh, x[0].clone()), x[0].clone())
            },
            |x| x[0].map(|x| expected::binary(Binary::Mul, x.tanh(), x)),
        ),
    ]
}

/// Where there is no slope: equals share it, and at zero there is none.
fn ties<E: Engine, T: Float>(report: &mut Report, device: &E::Device, tolerance: Tolerance)
where
    E::Backend<T>: Autodiff<Elem = T, Engine = E>,
{
    let maker = Maker::<E> { view: View::Whole, device: device.clone() };
    let row = |row: &[f64]| Sample::new(&[row.len()], row.iter().map(|&x| float::<T>(x)).collect());
    let mut check = |what: &str, x: &[f64], expected: &[f64], run: &dyn Fn(E::Array<T>) -> E::Array<T>| {
        report.check("gradient", format!("{} {x:?}, {what}", T::DATA_TYPE), || {
            let x = On::<E, T>::track(maker.array(&row(x)));
            let y = run(x.clone());
            let ones = maker.array(&Sample::full(On::<E, T>::sizes(&y), T::one()));
            let gradients = On::<E, T>::backward(loss::<E, T>(y, ones));
            let Some(gradient) = On::<E, T>::gradient(&gradients, &x) else {
                return holds(expected.iter().all(|slope| *slope == 0.0), "there is none");
            };
            let expected = row(expected).map(|x| Near::relative(double(x)));
            near::<E, T>(&gradient, &expected, tolerance.gradients, device)
        });
    };
    check("Abs", &[0.0, -1.0], &[0.0, -1.0], &|x| On::<E, T>::unary(Unary::Abs, x));
    check("Relu", &[0.0, -1.0, 2.0], &[0.0, 0.0, 1.0], &|x| On::<E, T>::unary(Unary::Relu, x));
    for op in [Reduce::Max, Reduce::Min] {
        let third = 1.0 / 3.0;
        check(&format!("{op:?}"), &[2.0, 2.0, 2.0], &[third; 3], &|x| On::<E, T>::reduce(op, &x, 0));
    }
    for op in [Binary::Max, Binary::Min] {
        let other = row(&[1.0, 1.0]);
        check(&format!("{op:?} of equals"), &[1.0, 1.0], &[0.5; 2], &|x| {
            On::<E, T>::binary(op, x, maker.array(&other))
        });
        check(&format!("{op:?} of equals"), &[1.0, 1.0], &[0.5; 2], &|x| On::<E, T>::binary_scalar(op, x, T::one()));
        check(&format!("{op:?} of equals"), &[1.0, 1.0], &[0.5; 2], &|x| On::<E, T>::scalar_binary(op, T::one(), x));
    }
    // Nothing is divided by a zero, and at zero a root has no slope.
    for (name, run, _) in rows::reductions::<E, T>() {
        let (x, expected): (&[f64], &[f64]) = match name {
            "product" => (&[2.0, 0.0, 3.0, 0.5], &[0.0, 3.0, 0.0, 0.0]),
            "log_sum_exp" => (&[f64::NEG_INFINITY, 0.0, 0.0], &[0.0, 0.5, 0.5]),
            _ => (&[0.0; 4], &[0.0; 4]),
        };
        check(name, x, expected, &|x| run(&x, 0));
    }
    check("product", &[0.0, 2.0, 0.0], &[0.0; 3], &|x| composed::product::<On<E, T>>(&x, 0));
    check("Variance of equals", &[3.0; 4], &[0.0; 4], &|x| On::<E, T>::reduce(Reduce::Variance, &x, 0));
}

/// What keys and values hold beyond the lengths does not reach gradients; its own are zero.
fn padding<E: Engine, T: Float>(report: &mut Report, device: &E::Device)
where
    E::Backend<T>: Autodiff<Elem = T, Engine = E>,
{
    let maker = Maker::<E> { view: View::Whole, device: device.clone() };
    let lengths = [3, 0];
    let sample = |size, beyond: f64, seed| {
        let x = numbers::<T>(&[2, 1, 5, size], seed);
        Sample::from_fn(&x.sizes, |at| if at[2] < lengths[at[0]] { x.at(&at) } else { float(beyond) })
    };
    let gradients = |beyond: f64| {
        let inputs = [numbers(&[2, 2, 3, 4], 1), sample(4, beyond, 2), sample(2, beyond, 3)];
        let [q, k, v] = inputs.map(|x| On::<E, T>::track(maker.array(&x)));
        let mask = Mask { lengths: Some(lengths.to_vec()), ..Mask::default() };
        let y = On::<E, T>::attention(&q, &k, &v, &mask.of(&maker), AttentionOptions::scaled(1.0));
        let weight = numbers::<T>(&[2, 2, 3, 2], 4);
        let found = On::<E, T>::backward(loss::<E, T>(y, maker.array(&weight)));
        [q, k, v].map(|x| On::<E, T>::gradient(&found, &x).and_then(|x| On::<E, T>::to_vec(&x).ok()))
    };
    report.check("gradient", format!("`attention` of {} with NaN beyond lengths {lengths:?}", T::DATA_TYPE), || {
        let names = ["queries", "keys", "values"];
        for ((name, expected), found) in names.iter().zip(gradients(0.0)).zip(gradients(f64::NAN)) {
            if expected.is_none() || expected != found {
                return Err(format!("of {name}, expected as with zeros there {expected:?}, found {found:?}"));
            }
        }
        Ok(())
    });
}
