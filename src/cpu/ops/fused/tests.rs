use super::*;
use crate::backend::{Backend, Binary, Number, Unary, Value, composed};
use crate::cpu::testing::random;
use crate::cpu::{Cpu, threads};
use half::{bf16, f16};
use std::fmt::Debug;

/// Up to so many steps on any values before them, and one of these as the result.
pub fn some_program<T: Number>(rng: &mut fastrand::Rng, inputs: usize, most: usize) -> Program<T> {
    let mut program = Program::new(inputs);
    // Miri makes errors of its own in the others.
    let is_exact = |op: &Unary| {
        use Unary::{Abs, Neg, Recip, Relu, Sqrt, Square};
        matches!(op, Abs | Neg | Recip | Square | Sqrt | Relu)
    };
    let functions: Vec<Unary> = Unary::ALL.iter().copied().filter(|op| !cfg!(miri) || is_exact(op)).collect();
    let operators: Vec<Binary> = Binary::ALL.iter().copied().filter(|op| !cfg!(miri) || *op != Binary::Pow).collect();
    for _ in 0..rng.usize(0..=most) {
        // The last ones more often, so that there are chains.
        let values = program.values();
        let mut value = || if rng.bool() { values - 1 } else { rng.usize(..values) };
        let (x, y) = (value(), value());
        let number = T::from_value(Value::Float(rng.i32(-4..=4) as f64 / 2.0));
        let op = *rng.choice(&operators).unwrap();
        program.push(match rng.u8(..4) {
            0 => Step::Unary(*rng.choice(&functions).unwrap(), x),
            1 => Step::BinaryScalar(op, x, number),
            2 => Step::ScalarBinary(op, number, x),
            _ => Step::Binary(op, x, y),
        });
    }
    program.give(rng.usize(program.values().saturating_sub(3)..program.values()));
    program
}

/// Arrays of the same sizes in many layouts.
pub fn some_inputs<T: Number>(rng: &mut fastrand::Rng, sizes: [usize; 3], count: usize) -> Vec<Array<T>> {
    let [a, b, c] = sizes;
    let seed = rng.u64(..);
    let layouts = |i: usize, layout| match layout {
        0 => random(&[c, b, a], seed + i as u64).permute(&[2, 1, 0]),
        1 => random(&[c], seed + i as u64).broadcast(&sizes),
        2 => random(&[b, 1], seed + i as u64).broadcast(&sizes),
        3 => random(&[], seed + i as u64).broadcast(&sizes),
        4 => random(&[a, b + 2, c], seed + i as u64).narrow(1, 1, b),
        5 => random(&[a, 1, c], seed + i as u64).broadcast(&sizes),
        _ => random(&sizes, seed + i as u64),
    };
    (0..count).map(|i| layouts(i, rng.u8(..10))).collect()
}

pub fn assert_same<T: Float + Debug>(found: &Array<T>, expected: &Array<T>, what: impl Debug) {
    assert_eq!(found.sizes(), expected.sizes());
    for (at, (&x, &y)) in found.elements().iter().zip(&*expected.elements()).enumerate() {
        let same = x == y && x.to_f64().unwrap().is_sign_negative() == y.to_f64().unwrap().is_sign_negative();
        assert!(same || x.is_nan() && y.is_nan(), "{x:?} for {y:?} at {at}: {what:?}");
    }
}

/// Small, around the ends of blocks and parts, and none.
pub fn some_sizes(rng: &mut fastrand::Rng) -> [usize; 3] {
    if cfg!(miri) {
        return [rng.usize(..3), rng.usize(..4), rng.usize(..20)];
    }
    let all = [[3, 5, 7], [1, 1, 1], [2, 0, 3], [1, 1, 2048], [5, 3, 700], [2, 3, 2049], [1, 2, 6000], [40, 20, 64]];
    rng.choice(all).unwrap()
}

fn is_separately<T: Float>(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..if cfg!(miri) { 10 } else { 300 } {
        let (count, sizes) = (rng.usize(1..=4), some_sizes(&mut rng));
        let inputs = some_inputs::<T>(&mut rng, sizes, count);
        let program = some_program::<T>(&mut rng, count, 20);
        let expected = composed::fused::<Cpu<T>>(&program, &inputs);
        let found = threads::with(rng.usize(1..=4), || Cpu::<T>::fused(&program, &inputs));
        assert_same(&found, &expected, (sizes, &program));
        let values: Vec<_> = (count..program.values()).filter(|_| rng.bool()).collect();
        let expected = composed::fused_values::<Cpu<T>>(&program, &values, inputs.clone());
        // Some are held by nobody else, and changed in place.
        let copy = |x: &Array<T>| Array::from_vec(x.elements().to_vec(), x.sizes());
        let inputs = inputs.iter().map(|x| if rng.bool() { copy(x) } else { x.clone() }).collect();
        let found = threads::with(rng.usize(1..=4), || Cpu::<T>::fused_values(&program, &values, inputs));
        assert_eq!(found.len(), values.len());
        found.iter().zip(&expected).for_each(|(x, y)| assert_same(x, y, (sizes, &program, &values)));
    }
}

#[test]
fn it_is_what_the_operations_give_separately() {
    is_separately::<f32>(1);
    is_separately::<f64>(2);
}

fn is_rounded_once<T: Float<Wide = f32>>(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..if cfg!(miri) { 5 } else { 50 } {
        let (count, sizes) = (rng.usize(1..=3), some_sizes(&mut rng));
        let inputs = some_inputs::<T>(&mut rng, sizes, count);
        let program = some_program::<T>(&mut rng, count, 10);
        let mut wide = Program::new(count);
        for (_, step) in program.steps() {
            wide.push(match *step {
                Step::Unary(op, x) => Step::Unary(op, x),
                Step::Binary(op, x, y) => Step::Binary(op, x, y),
                Step::BinaryScalar(op, x, y) => Step::BinaryScalar(op, x, y.widened()),
                Step::ScalarBinary(op, x, y) => Step::ScalarBinary(op, x.widened(), y),
            });
        }
        wide.give(program.result());
        let inputs_wide: Vec<_> = inputs.iter().map(Cpu::<T>::cast::<f32>).collect();
        let expected = Cpu::<f32>::cast::<T>(&Cpu::<f32>::fused(&wide, &inputs_wide));
        assert_same(&Cpu::<T>::fused(&program, &inputs), &expected, (sizes, &program));
    }
}

#[test]
fn narrow_numbers_are_rounded_once() {
    is_rounded_once::<f16>(3);
    is_rounded_once::<bf16>(4);
}

/// `relu(x · y + x) · 0.5 + 1`.
fn chain() -> Program<f32> {
    let mut program = Program::new(2);
    program.push(Step::Binary(Binary::Mul, 0, 1));
    program.push(Step::Binary(Binary::Add, 2, 0));
    program.push(Step::Unary(Unary::Relu, 3));
    program.push(Step::BinaryScalar(Binary::Mul, 4, 0.5));
    program.push(Step::BinaryScalar(Binary::Add, 5, 1.0));
    program
}

#[test]
fn a_chain_needs_no_memory_but_its_result() {
    let program = chain();
    assert_eq!(Plan::new(&program, |value| value == 6).registers(), 1);
    // What is needed twice is kept until then, and its memory is used again.
    let mut program = chain();
    for _ in 0..50 {
        let last = program.values() - 1;
        let square = program.push(Step::Binary(Binary::Mul, last, last));
        program.push(Step::Binary(Binary::Sub, last, square));
    }
    let result = program.result();
    assert_eq!(Plan::new(&program, |value| value == result).registers(), 2);
}

#[test]
fn what_nobody_needs_is_not_calculated() {
    let mut program = chain();
    program.push(Step::Unary(Unary::Exp, 1));
    program.give(3);
    let plan = Plan::new(&program, |value| value == 3);
    assert_eq!((plan.registers(), plan.operations()), (1, 2));
}

#[test]
fn a_source_reads_any_layout() {
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..if cfg!(miri) { 20 } else { 500 } {
        let sizes = [rng.usize(1..5), rng.usize(1..6), rng.usize(1..9)];
        for array in some_inputs::<f16>(&mut rng, sizes, 3) {
            let elements: Vec<f32> = array.elements().iter().map(|x| x.to_f32()).collect();
            let source = Source::new(&array);
            for (at, x) in elements.iter().enumerate().skip(source.period()) {
                assert_eq!(*x, elements[at - source.period()]);
            }
            let mut memory = vec![0.0; elements.len()];
            let mut reader = Reader::new((&source, &mut memory));
            for _ in 0..5 {
                let first = rng.usize(..elements.len());
                let len = rng.usize(1..=elements.len() - first);
                reader.read(first, len);
                assert_eq!(reader.block(), &elements[first..first + len]);
            }
        }
    }
}
