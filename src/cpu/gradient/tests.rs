//! Every operation against differences of its results, in double precision.

mod attention;

use crate::backend::{
    AttentionMask, AttentionOptions, Autodiff, Backend, Binary, Compare, Epilogue, Float, Program, Reduce,
    RotaryLayout, Step, Unary, Value, composed, no_grad,
};
use crate::cpu::array::Array;
use crate::cpu::ops::fused::tests::{assert_same, some_inputs, some_program, some_sizes};
use crate::cpu::testing::random;
use crate::cpu::{Cpu, threads};
use half::bf16;

type Double = Cpu<f64>;

/// The sum of all products of two arrays of the same sizes.
fn product_sum<T: Float>(x: &Array<T>, y: &Array<T>) -> Array<T> {
    let terms = Cpu::<T>::binary(Binary::Mul, x.clone(), y.clone());
    Cpu::<T>::reduce(Reduce::Sum, &Cpu::<T>::reshape(&terms, &[x.sizes().iter().product()]), 0)
}

/// The gradients of the sum of all products of `f` and some numbers between -2 and 2.
pub fn gradients<T: Float>(inputs: &[Array<T>], f: &dyn Fn(&[Array<T>]) -> Array<T>) -> Vec<Array<T>> {
    let tracked: Vec<_> = inputs.iter().map(|x| Cpu::<T>::track(x.clone())).collect();
    let y = f(&tracked);
    let loss = product_sum(&y, &random(y.sizes(), 77));
    let gradients = Cpu::<T>::backward(loss);
    let zeros = |x: &Array<T>| Array::full(T::zero(), x.sizes());
    tracked.iter().map(|x| Cpu::<T>::gradient(&gradients, x).unwrap_or_else(|| zeros(x))).collect()
}

/// Gradients within `1e-7` of numbers around 1 of the quotient of differences at a distance of `1e-5`: its error is about the
/// square of that times the third derivative, and the rounding of results divided by it, `1e-10` both.
fn check(name: &str, inputs: &[Array<f64>], f: impl Fn(&[Array<f64>]) -> Array<f64>) {
    const STEP: f64 = 1e-5;
    let found = gradients(inputs, &f);
    for (number, found) in found.iter().enumerate() {
        assert_eq!(found.sizes(), inputs[number].sizes(), "{name}");
        let found = found.elements();
        for at in 0..found.len() {
            let at_distance = |distance: f64| {
                let mut elements = inputs[number].elements().into_owned();
                elements[at] += distance;
                let mut inputs = inputs.to_vec();
                inputs[number] = Array::from_vec(elements, inputs[number].sizes());
                let y = f(&inputs);
                product_sum(&y, &random(y.sizes(), 77)).elements()[0]
            };
            let expected = (at_distance(STEP) - at_distance(-STEP)) / (2.0 * STEP);
            let near = (found[at] - expected).abs() <= 1e-7 * expected.abs().max(1.0);
            assert!(near, "{name}: {} for {expected} at {at} of input {number}", found[at]);
        }
    }
}

fn positive(sizes: &[usize], seed: u64) -> Array<f64> {
    Double::binary_scalar(Binary::Add, Double::unary(Unary::Abs, random(sizes, seed)), 0.5)
}

#[test]
fn functions_of_each_element() {
    let all = [Unary::Abs, Unary::Neg, Unary::Recip, Unary::Square, Unary::Sqrt, Unary::Exp, Unary::Ln, Unary::Sin];
    let others = [Unary::Cos, Unary::Tanh, Unary::Sigmoid, Unary::Relu, Unary::Gelu, Unary::GeluTanh, Unary::Silu];
    let others = others.into_iter().chain([Unary::Softplus, Unary::QuickGelu]);
    for op in all.into_iter().chain(others) {
        let is_everywhere = !matches!(op, Unary::Recip | Unary::Sqrt | Unary::Ln);
        let x = if is_everywhere { random(&[3, 4], 1) } else { positive(&[3, 4], 1) };
        check(&format!("{op:?}"), std::slice::from_ref(&x), |x| Double::unary(op, x[0].clone()));
        check(&format!("{op:?} of a view"), &[x], |x| Double::unary(op, Double::permute(&x[0], &[1, 0])));
    }
}

#[test]
fn derivatives_at_large_and_small_numbers() {
    let x = Array::from_vec(vec![0.0, -0.0, 1e-30, -1e-40, 50.0, -50.0, 1e30, -1e30f32], &[8]);
    for (op, at_zero) in [
        (Unary::Gelu, 0.5),
        (Unary::GeluTanh, 0.5),
        (Unary::QuickGelu, 0.5),
        (Unary::Silu, 0.5),
        (Unary::Sigmoid, 0.25),
    ] {
        let y = Cpu::<f32>::track(x.clone());
        let sum = Cpu::<f32>::reduce(Reduce::Sum, &Cpu::<f32>::unary(op, y.clone()), 0);
        let derivatives = Cpu::<f32>::gradient(&Cpu::<f32>::backward(sum), &y).unwrap().elements().into_owned();
        let far = if op == Unary::Sigmoid { 0.0 } else { 1.0 };
        for (found, expected) in derivatives.iter().zip([at_zero, at_zero, at_zero, at_zero, far, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{op:?}: {derivatives:?}");
        }
    }
}

#[test]
fn functions_of_pairs() {
    for &op in Binary::ALL {
        for sizes in [[&[2, 3, 4][..], &[2, 3, 4][..]], [&[2, 3, 4], &[4]], [&[4], &[2, 3, 4]], [&[], &[3]]] {
            // Powers are of numbers above zero.
            let first: fn(&[usize], u64) -> Array<f64> = if op == Binary::Pow { positive } else { random };
            let inputs = [first(sizes[0], 1), positive(sizes[1], 2)];
            check(&format!("{op:?} {sizes:?}"), &inputs, |x| Double::binary(op, x[0].clone(), x[1].clone()));
        }
        let x = positive(&[5], 3);
        check(&format!("{op:?} of a number"), std::slice::from_ref(&x), |x| {
            Double::binary_scalar(op, x[0].clone(), 0.9)
        });
        check(&format!("{op:?} to a number"), &[x], |x| Double::scalar_binary(op, 0.9, x[0].clone()));
    }
    // Of the same array twice.
    check("square", &[random(&[3], 1)], |x| Double::binary(Binary::Mul, x[0].clone(), x[0].clone()));
    let condition = Array::from_vec(vec![true, false, true, true], &[4]);
    check("select", &[random(&[4], 1), random(&[4], 2)], |x| Double::select(&condition, &x[0], &x[1]));
}

#[test]
fn equals_share_the_gradient_of_the_larger() {
    let x = Array::from_vec(vec![1.0, 2.0, 2.0], &[3]);
    let found = gradients(std::slice::from_ref(&x), &|x| Double::binary(Binary::Max, x[0].clone(), x[0].clone()));
    assert_eq!(found[0].elements(), random::<f64>(&[3], 77).elements());
    let found = gradients(&[x], &|x| Double::reduce(Reduce::Max, &x[0], 0));
    let half = random::<f64>(&[], 77).elements()[0] / 2.0;
    assert_eq!(*found[0].elements(), [0.0, half, half]);
}

#[test]
fn reductions_and_softmax() {
    for axis in 0..3 {
        let x = random(&[2, 5, 4], axis as u64);
        for op in [Reduce::Sum, Reduce::Mean, Reduce::Variance, Reduce::Max, Reduce::Min] {
            check(&format!("{op:?} {axis}"), std::slice::from_ref(&x), |x| Double::reduce(op, &x[0], axis));
        }
        check(&format!("softmax {axis}"), std::slice::from_ref(&x), |x| Double::softmax(x[0].clone(), axis));
        check(&format!("log_softmax {axis}"), &[x], |x| Double::log_softmax(x[0].clone(), axis));
    }
    let targets = Array::from_vec(vec![2u32, 0, 3, 3, 1, 2], &[2, 3]);
    for smoothing in [0.0, 0.3] {
        let x = random(&[2, 3, 4], 1);
        check("cross_entropy", &[x], |x| Double::cross_entropy(&x[0], &targets, smoothing));
    }
    check("top_k", &[random(&[3, 7], 1)], |x| Double::top_k(&x[0], 3).0);
    let mask = AttentionMask { causal: true, lengths: Some([2, 0].into()), ..AttentionMask::default() };
    check("masked_softmax", &[random(&[2, 2, 3, 4], 1)], |x| Double::masked_softmax(x[0].clone(), &mask));
    // Of nothing.
    check("an empty axis", &[random(&[0, 3], 1)], |x| Double::reduce(Reduce::Sum, &x[0], 0));
}

#[test]
fn axes() {
    check("permute", &[random(&[2, 3, 4], 1)], |x| Double::permute(&x[0], &[2, 0, 1]));
    check("reshape", &[random(&[2, 3, 4], 1)], |x| Double::reshape(&Double::permute(&x[0], &[2, 0, 1]), &[8, 3]));
    check("broadcast", &[random(&[1, 3, 1], 1)], |x| Double::broadcast(&x[0], &[2, 4, 3, 5]));
    // Parts of one array, that overlap.
    check("narrow", &[random(&[4, 5], 1)], |x| {
        let [one, other] = [1, 2].map(|start| Double::narrow(&x[0], 1, start, 2));
        let last = Double::narrow(&Double::permute(&x[0], &[1, 0]), 1, 3, 1);
        Double::concat(&[&one, &other, &Double::reshape(&Double::narrow(&last, 0, 0, 4), &[4, 1])], 1)
    });
    check("concat", &[random(&[2, 3], 1), random(&[2, 0], 2), random(&[2, 2], 3)], |x| {
        Double::concat(&[&x[0], &x[1], &x[2], &x[0]], 1)
    });
    check("update_slice", &[random(&[3, 4], 1), random(&[2, 2], 2)], |x| {
        Double::update_slice(x[0].clone(), &x[1], &[1, 2])
    });
    let ids = Array::from_vec(vec![2u32, 0, 2, 1, 2, 5], &[2, 3]);
    check("gather", &[random(&[6, 4], 1)], |x| Double::gather(&x[0], &ids));
    check("gather of elements", &[random(&[6], 1)], |x| Double::gather(&x[0], &ids));
}

#[test]
fn products() {
    let pairs = [[&[3, 4][..], &[4, 5][..]], [&[2, 3, 3, 4], &[2, 3, 4, 5]], [&[2, 3, 4], &[4, 5]], [&[2, 0], &[0, 3]]];
    for sizes in pairs {
        let inputs = [random(sizes[0], 1), random(sizes[1], 2)];
        check(&format!("matmul {sizes:?}"), &inputs, |x| Double::matmul(&x[0], &x[1]));
    }
    let transposed = |x: &Array<f64>| Double::permute(x, &[1, 0]);
    check("matmul of views", &[random(&[4, 3], 1), random(&[5, 4], 2)], |x| {
        Double::matmul(&transposed(&x[0]), &transposed(&x[1]))
    });
    for activation in [None, Some(Unary::Gelu), Some(Unary::Silu)] {
        for addends in 0..4 {
            let inputs = [random(&[2, 3, 4], 1), random(&[5, 4], 2), random(&[5], 3), random(&[2, 3, 5], 4)];
            check(&format!("linear {activation:?} {addends}"), &inputs, |x| {
                let (bias, residual) = ((addends & 1 == 1).then_some(&x[2]), (addends & 2 == 2).then_some(&x[3]));
                Double::linear(&x[0], &x[1], Epilogue { bias, activation, residual })
            });
        }
    }
}

#[test]
fn norms_and_rotary_positions() {
    for sizes in [&[3, 2, 10][..], &[40, 3], &[0, 3], &[2, 300]] {
        let size = sizes[sizes.len() - 1];
        let inputs = [random(sizes, 1), random(&[size], 2), random(&[size], 3)];
        check("layer_norm", &inputs, |x| Double::layer_norm(x[0].clone(), &x[1], Some(&x[2]), 0.1));
        check("layer_norm without bias", &inputs, |x| Double::layer_norm(x[0].clone(), &x[1], None, 0.1));
        check("rms_norm", &inputs, |x| Double::rms_norm(x[0].clone(), &x[1], 0.1));
    }
    let angles = random(&[2, 4, 3], 2);
    let [cos, sin] = [Unary::Cos, Unary::Sin].map(|op| Double::unary(op, angles.clone()));
    for layout in [RotaryLayout::Half, RotaryLayout::Interleaved] {
        check(&format!("{layout:?}"), &[random(&[2, 3, 4, 6], 1)], |x| {
            Double::rotate(x[0].clone(), &cos, &sin, layout)
        });
    }
}

#[test]
fn conversions_give_gradients_of_their_own_type() {
    let x = Cpu::<f32>::track(random(&[4], 1));
    let narrow = Cpu::<f32>::cast::<bf16>(&x);
    let y = Cpu::<i32>::cast::<f32>(&Cpu::<f32>::cast::<i32>(&x));
    assert!(Cpu::<bf16>::is_tracked(&narrow) && !Cpu::<f32>::is_tracked(&y));
    let wide = Cpu::<bf16>::cast::<f64>(&Cpu::<bf16>::unary(Unary::Neg, narrow));
    let gradients = Double::backward(Double::reduce(Reduce::Sum, &wide, 0));
    assert_eq!(*Cpu::<f32>::gradient(&gradients, &x).unwrap().elements(), [-1.0; 4]);
}

#[test]
fn a_deep_graph_does_not_overflow_the_stack() {
    let x = Double::track(random(&[1], 1));
    let depth = 200_000;
    let deep = (0..depth).fold(x.clone(), |y, _| Double::binary_scalar(Binary::Add, y, 1.0));
    let loss = Double::reduce(Reduce::Sum, &deep, 0);
    // Freed as a whole afterwards, and on the way.
    assert_eq!(*Double::gradient(&Double::backward(loss.clone()), &x).unwrap().elements(), [1.0]);
    drop(deep);
    assert_eq!(*Double::gradient(&Double::backward(loss), &x).unwrap().elements(), [1.0]);
}

#[test]
fn saved_arrays_are_not_overwritten() {
    let x = Double::track(random(&[4], 1));
    let y = Double::unary(Unary::Exp, x.clone());
    let expected = y.elements().into_owned();
    // In place, if nobody else held it.
    let z = Double::unary(Unary::Neg, Double::binary_scalar(Binary::Add, Double::detach(y), 5.0));
    let w = Double::unary(Unary::Square, Double::unary(Unary::Neg, x.clone()));
    let _ = Double::binary_scalar(Binary::Mul, w.clone(), 0.0);
    assert!(!Double::is_tracked(&z));
    let gradients = Double::backward(Double::reduce(Reduce::Sum, &w, 0));
    let doubled: Vec<f64> = x.elements().iter().map(|x| 2.0 * x).collect();
    assert_eq!(*Double::gradient(&gradients, &x).unwrap().elements(), doubled);
    assert_eq!(expected, x.elements().iter().map(|x| x.exp()).collect::<Vec<_>>());
}

#[test]
fn only_what_depends_on_tracked_arrays_is_recorded() {
    let (x, y) = (random::<f64>(&[2, 2], 1), Double::track(random(&[2, 2], 2)));
    assert!(!Double::is_tracked(&Double::matmul(&x, &x)));
    assert!(Double::is_tracked(&Double::matmul(&x, &y)));
    assert!(!no_grad(|| Double::is_tracked(&Double::matmul(&x, &y))));
    // In the memory of the tracked array, and in another.
    assert!(!no_grad(|| Double::is_tracked(&Double::unary(
        Unary::Neg,
        Double::track(Double::unary(Unary::Neg, x.clone()))
    ))));
    let own = no_grad(|| Double::unary(Unary::Neg, y.clone()));
    assert!(!Double::is_tracked(&own) && Double::is_tracked(&Double::reshape(&y, &[4])));
    let chosen = Double::compare(Compare::Less, &x, &y);
    assert!(!Cpu::<bool>::is_tracked(&chosen) && !Cpu::<u32>::is_tracked(&Double::argmax(&y, 0)));
}

#[test]
fn gradients_do_not_depend_on_the_number_of_threads() {
    let inputs = [&[2, 300, 64][..], &[64], &[64], &[64, 64], &[64]].map(|sizes| random::<f32>(sizes, 3));
    type Single = Cpu<f32>;
    let layer = |x: &[Array<f32>]| {
        let normed = Single::layer_norm(x[0].clone(), &x[1], Some(&x[2]), 1e-5);
        let after = Epilogue { bias: Some(&x[4]), activation: Some(Unary::Gelu), residual: Some(&x[0]) };
        let heads =
            Single::permute(&Single::reshape(&Single::linear(&normed, &x[3], after), &[2, 300, 4, 16]), &[0, 2, 1, 3]);
        let mask = AttentionMask { causal: true, ..AttentionMask::default() };
        let attended = Single::attention(&heads, &heads, &heads, &mask, AttentionOptions::scaled(0.25));
        let ids = Array::from_vec((0..5000u32).map(|i| i * i % 300).collect(), &[5000]);
        Single::gather(&Single::reshape(&Single::permute(&attended, &[2, 0, 1, 3]), &[300, 128]), &ids)
    };
    let [one, four] = [1, 4].map(|count| threads::with(count, || gradients(&inputs, &layer)));
    for (one, four) in one.iter().zip(&four) {
        assert!(one.elements() == four.elements());
    }
}

/// A layer of all that has a kernel of its own.
fn layer<T: Float>(x: &[Array<T>]) -> Array<T> {
    let [batch, sequence, width] = [2, 150, 40];
    let normed = Cpu::<T>::layer_norm(x[0].clone(), &x[1], Some(&x[2]), 1e-5);
    let after = Epilogue { bias: Some(&x[2]), activation: Some(Unary::Gelu), residual: Some(&x[0]) };
    let y = Cpu::<T>::rms_norm(Cpu::<T>::linear(&normed, &x[3], after), &x[1], 1e-5);
    let heads = Cpu::<T>::permute(&Cpu::<T>::reshape(&y, &[batch, sequence, 4, width / 4]), &[0, 2, 1, 3]);
    let mask = AttentionMask { lengths: Some([150, 70].into()), ..AttentionMask::default() };
    let attended = Cpu::<T>::attention(&heads, &heads, &heads, &mask, AttentionOptions::scaled(0.3));
    let merged = Cpu::<T>::reshape(&Cpu::<T>::permute(&attended, &[0, 2, 1, 3]), &[batch * sequence, width]);
    let ids = Array::from_vec((0..500u32).map(|i| i * i % 300).collect(), &[500]);
    let rows = Cpu::<T>::gather(&merged, &ids);
    Cpu::<T>::softmax(Cpu::<T>::unary(Unary::Silu, Cpu::<T>::binary(Binary::Mul, rows, x[2].clone())), 1)
}

/// Gradients of the layer are those in double precision, but for an error relative to the largest of each input.
fn is_near_double<T: Float>(tolerance: f64) {
    let to = |x: &Array<f64>| Double::cast::<T>(x);
    let sizes = [&[2, 150, 40][..], &[40], &[40], &[40, 40]];
    let inputs: Vec<_> = sizes.iter().zip(1..).map(|(sizes, seed)| random::<f64>(sizes, seed)).collect();
    // The same numbers on both sides.
    let narrow: Vec<Array<T>> = inputs.iter().map(to).collect();
    let inputs: Vec<_> = narrow.iter().map(Cpu::<T>::cast::<f64>).collect();
    let (found, expected) = (gradients(&narrow, &layer::<T>), gradients(&inputs, &layer::<f64>));
    for (found, expected) in found.iter().zip(&expected) {
        let scale = expected.elements().iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        for (found, expected) in found.elements().iter().zip(&*expected.elements()) {
            let found = found.to_f64().unwrap();
            assert!((found - expected).abs() <= tolerance * scale, "{found} for {expected}, beside {scale}");
        }
    }
}

#[test]
fn gradients_of_narrow_numbers_are_near_those_of_wide_ones() {
    // Numbers of 24, 11 and 8 bits, of which some are lost from operation to operation.
    is_near_double::<f32>(5e-6);
    is_near_double::<half::f16>(1e-2);
    is_near_double::<bf16>(6e-2);
}

fn are_those_of_separate_operations<T: Float>(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..300 {
        let (count, sizes) = (rng.usize(1..=4), some_sizes(&mut rng));
        let wanted: Vec<bool> = (0..count).map(|_| rng.u8(..4) > 0).collect();
        let inputs = some_inputs::<T>(&mut rng, sizes, count);
        let program = some_program::<T>(&mut rng, count, 12);
        let gradients = |f: &dyn Fn(&[Array<T>]) -> Array<T>| -> Vec<_> {
            let track = |(x, wanted): (&Array<T>, _)| if wanted { Cpu::<T>::track(x.clone()) } else { x.clone() };
            let inputs: Vec<_> = inputs.iter().zip(wanted.iter().copied()).map(track).collect();
            let y = f(&inputs);
            let found = Cpu::<T>::backward(product_sum(&y, &random(&sizes, 77)));
            inputs.iter().map(|x| Cpu::<T>::gradient(&found, x)).collect()
        };
        let expected = gradients(&|x| composed::fused::<Cpu<T>>(&program, x));
        let found = threads::with(rng.usize(1..=4), || gradients(&|x| Cpu::<T>::fused(&program, x)));
        for (input, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let what = (sizes, &program, &wanted, input);
            assert_eq!(found.is_some(), expected.is_some(), "{what:?}");
            if let (Some(found), Some(expected)) = (found, expected) {
                assert_same(found, expected, what);
            }
        }
    }
}

#[test]
fn gradients_of_operations_one_after_another() {
    are_those_of_separate_operations::<f32>(1);
    are_those_of_separate_operations::<f64>(2);
    // r + gelu(x · y + b), over its largest part.
    let mut program = Program::new(4);
    program.push(Step::Binary(Binary::Mul, 0, 1));
    program.push(Step::Binary(Binary::Add, 4, 2));
    program.push(Step::Unary(Unary::Gelu, 5));
    program.push(Step::Binary(Binary::Add, 3, 6));
    program.push(Step::BinaryScalar(Binary::Max, 5, 0.5));
    program.push(Step::ScalarBinary(Binary::Div, 2.0, 8));
    program.push(Step::Binary(Binary::Div, 7, 9));
    let inputs = [1, 2, 3, 4].map(|seed| random(&[3, 5], seed));
    check("fused", &inputs, |x| Double::fused(&program, x));
    let narrow = |x: &Array<f64>| Double::cast::<bf16>(x);
    let of_narrow: Vec<_> = inputs.iter().map(narrow).collect();
    let wide: Vec<_> = of_narrow.iter().map(Cpu::<bf16>::cast::<f64>).collect();
    let mut same = Program::new(4);
    for (_, step) in program.steps() {
        same.push(match *step {
            Step::Unary(op, x) => Step::Unary(op, x),
            Step::Binary(op, x, y) => Step::Binary(op, x, y),
            Step::BinaryScalar(op, x, y) => Step::BinaryScalar(op, x, bf16::from_f64(y)),
            Step::ScalarBinary(op, x, y) => Step::ScalarBinary(op, bf16::from_f64(x), y),
        });
    }
    let expected = gradients(&wide, &|x| Double::fused(&program, x));
    let found = gradients(&of_narrow, &|x| Cpu::<bf16>::fused(&same, x));
    for (found, expected) in found.iter().zip(&expected) {
        crate::cpu::testing::assert_near(found, &expected.elements(), 2e-2);
    }
}
