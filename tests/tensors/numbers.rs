//! Operators that change a tensor, and operators of conditions.

use congruent::fuse;
use congruent::prelude::*;

dims! { Batch = 2; Embed = 3; }

fn x() -> Tensor<(Batch, Embed)> {
    Tensor::from_nested((Batch, Embed), [[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])
}

#[test]
fn an_assignment_is_the_operator_and_a_name() {
    let (y, row) = (x().abs() + 1.0, Tensor::from_nested((Embed,), [2.0, 4.0, 8.0]));
    let mut found = x();
    found += &y;
    found -= row.clone();
    found *= &row;
    found /= y.clone();
    found *= 0.5;
    let expected = (x() + &y - &row) * &row / &y * 0.5;
    assert_eq!(found.to_vec(), expected.to_vec());
    let mut integers = Cpu::<i32>::full((Embed,), 7);
    integers /= 2;
    assert_eq!(integers.to_vec(), [3; 3]);
}

#[test]
fn what_nobody_else_holds_is_changed_in_its_place() {
    let mut found = x() + 0.0;
    let place = found.as_slice().unwrap().as_ptr();
    found += 1.0;
    assert_eq!(found.as_slice().unwrap().as_ptr(), place);
    let before = found.clone();
    found *= 2.0;
    assert_eq!(before.to_vec(), (x() + 1.0).to_vec());
    assert_eq!(found.to_vec(), ((x() + 1.0) * 2.0).to_vec());
}

#[test]
fn gradients_are_of_what_stood_there_before() {
    let x = x().tracked();
    let mut y = x.square();
    y *= &x;
    y += &x;
    let gradient = y.sum_all().backward().of(&x);
    let expected: Vec<f32> = x.to_vec().iter().map(|x| 3.0 * x * x + 1.0).collect();
    assert_eq!(gradient.to_vec(), expected);
}

#[test]
fn conditions_are_combined_where_their_shapes_go_together() {
    let (above, row) = (x().greater_than(0.0), Tensor::from_nested((Embed,), [1.0, 0.0, 1.0]).greater_than(0.5));
    let (a, b) = (above.to_vec(), [row.to_vec(), row.to_vec()].concat());
    let expected = |f: fn(bool, bool) -> bool| a.iter().zip(&b).map(|(a, b)| f(*a, *b)).collect::<Vec<_>>();
    assert_eq!((&above & &row).to_vec(), expected(|a, b| a & b));
    assert_eq!((&row | &above).to_vec(), expected(|a, b| a | b));
    assert_eq!((above.clone() ^ row.clone()).to_vec(), expected(|a, b| a ^ b));
    assert_eq!((!&above).to_vec(), expected(|a, _| !a));
}

#[test]
fn powers_and_remainders_are_fused_as_they_are_by_themselves() {
    let (x, y) = (x(), x().abs() + 0.75);
    let fused = fuse((&x, &y), |x, y| y.pow(x).fmod(0.4) + x.remainder(y).floor().pow(2.0));
    let expected = y.pow(&x).fmod(0.4) + x.remainder(&y).floor().pow(2.0);
    assert_eq!(fused.to_vec(), expected.to_vec());
}

/// Within some roundings of single precision of a number that was calculated in double precision.
#[track_caller]
fn near(of: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{of}");
    for (found, expected) in found.iter().map(|x| f64::from(*x)).zip(expected) {
        let is_near = (found - expected).abs() <= 2e-6 * expected.abs().max(1e-3) || found == *expected;
        assert!(is_near || found.is_nan() && expected.is_nan(), "{of}: found {found}, expected {expected}");
    }
}

#[test]
fn angles_are_those_of_the_standard_library() {
    dims! { Count; }
    const INF: f64 = f64::INFINITY;
    let numbers = [-INF, -1.5, -1.0, -0.999, -0.5, -1e-4, -0.0, 0.0, 1e-4, 0.3, 0.9999, 1.0, 2.5, INF, f64::NAN];
    bind!(count: Count = numbers.len());
    let x = Tensor::from_vec((count,), numbers.map(|x| x as f32).to_vec()).unwrap();
    let expected = |f: fn(f64) -> f64| numbers.map(|x| f(f64::from(x as f32)));
    near("asin", &x.asin().to_vec(), &expected(f64::asin));
    near("acos", &x.acos().to_vec(), &expected(f64::acos));
    near("atan", &x.atan().to_vec(), &expected(f64::atan));
    near("sinh", &x.sinh().to_vec(), &expected(f64::sinh));
    near("cosh", &x.cosh().to_vec(), &expected(f64::cosh));
    // Of all pairs, so that every side of every axis is there.
    for x in numbers {
        let of = Tensor::full((count,), x as f32);
        let expected = numbers.map(|y| f64::from(y as f32).atan2(f64::from(x as f32)));
        let found = Tensor::from_vec((count,), numbers.map(|y| y as f32).to_vec()).unwrap().atan2(&of);
        near(&format!("atan2 of {x}"), &found.to_vec(), &expected);
        let is_sign_right = |(found, expected): (&f32, &f64)| found.is_sign_negative() == expected.is_sign_negative();
        let signs = found.to_vec();
        assert!(signs.iter().zip(&expected).filter(|(_, y)| !y.is_nan()).all(is_sign_right), "{signs:?} of {x}");
    }
}

#[test]
fn slopes_of_angles() {
    dims! { Points = 4; }
    let numbers = [-0.8, -0.1, 0.4, 0.7];
    let x = Cpu::<f64>::from_vec((Points,), numbers.to_vec()).unwrap().tracked();
    type F = fn(&Tensor<(Points,), Cpu<f64>>) -> Tensor<(Points,), Cpu<f64>>;
    let functions: [(F, fn(f64) -> f64); 6] = [
        (|x| x.asin(), |x| 1.0 / (1.0 - x * x).sqrt()),
        (|x| x.acos(), |x| -1.0 / (1.0 - x * x).sqrt()),
        (|x| x.sinh(), f64::cosh),
        (|x| x.cosh(), f64::sinh),
        (|x| x.atan2(&(x * 0.0 + 0.3)), |x| 0.3 / (0.09 + x * x)),
        (|x| x.lerp(&x.square(), 0.75), |x| 0.25 + 1.5 * x),
    ];
    for (f, slope) in functions {
        let found = f(&x).sum(Points).backward().of(&x).to_vec();
        for (found, x) in found.into_iter().zip(numbers) {
            assert!((found - slope(x)).abs() < 1e-12, "found {found}, expected {} at {x}", slope(x));
        }
    }
}

#[test]
fn quantiles_lie_between_elements_in_order() {
    dims! { Outer; Size; Inner; }
    for (number, [outer, size, inner]) in
        [[2, 7, 3], [1, 1, 2], [3, 8, 1], [2, 0, 2], [0, 3, 2]].into_iter().enumerate()
    {
        bind!(outer: Outer = outer, size: Size = size, inner: Inner = inner);
        let mut rng = Rng::with_seed(number as u64);
        let numbers: Vec<f64> = (0..outer.size() * size.size() * inner.size()).map(|_| rng.f64()).collect();
        let x = Cpu::<f64>::from_vec((outer, size, inner), numbers.clone()).unwrap().tracked();
        for share in [0.0, 0.2, 0.5, 0.77, 1.0] {
            let mut expected = Vec::new();
            let mut slopes = vec![0.0; numbers.len()];
            for (o, i) in (0..outer.size()).flat_map(|o| (0..inner.size()).map(move |i| (o, i))) {
                let mut row: Vec<_> = (0..size.size()).map(|s| (o * size.size() + s) * inner.size() + i).collect();
                row.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
                let place = share * (row.len() as f64 - 1.0);
                let (below, part) = (place.floor() as usize, place.fract());
                let terms = [(below, 1.0 - part), (below + 1, part)];
                let terms = terms.into_iter().filter(|(at, part)| *at < row.len() && *part > 0.0);
                let terms: Vec<_> = terms.map(|(at, part)| (row[at], part)).collect();
                terms.iter().for_each(|(at, part)| slopes[*at] += part);
                let sum = terms.iter().map(|(at, part)| numbers[*at] * part).sum();
                expected.push(if row.is_empty() { f64::NAN } else { sum });
            }
            let found = x.quantile(size, share);
            for (found, expected) in found.to_vec().into_iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-12 || found.is_nan() && expected.is_nan(), "{found} {expected}");
            }
            if !numbers.is_empty() {
                let found = found.sum(inner).sum(outer).backward().of(&x).to_vec();
                let is_near = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-12;
                assert!(found.iter().zip(&slopes).all(is_near), "found {found:?}, expected {slopes:?}");
            }
        }
        assert_eq!(format!("{:?}", x.median(size).to_vec()), format!("{:?}", x.quantile(size, 0.5).to_vec()));
    }
    let x = Tensor::from_nested((Batch, Embed), [[f32::INFINITY, 1.0, f32::INFINITY], [2.0, f32::NAN, 1.0]]);
    assert!(matches!(x.median(Embed).to_vec()[..], [first, nan] if first == f32::INFINITY && nan.is_nan()));
}

/// Each element by its sum of products, over all positions of the letters that are not in the output.
#[test]
fn sums_of_products_of_many() {
    dims! { A; B; C; D; }
    for (number, sizes) in [[2, 3, 4, 2], [1, 5, 1, 3], [3, 0, 2, 2], [4, 1, 3, 1]].into_iter().enumerate() {
        let [size_a, size_b, size_c, size_d] = sizes;
        bind!(a: A = size_a, b: B = size_b, c: C = size_c, d: D = size_d);
        let mut rng = Rng::with_seed(number as u64);
        let mut random = |count: usize| (0..count).map(|_| rng.f64() - 0.5).collect::<Vec<f64>>();
        let numbers =
            [random(size_a * size_b), random(size_b * size_c), random(size_c * size_d), random(size_d * size_a)];
        let [ab, bc, cd, da] = numbers.clone();
        type Double = Cpu<f64>;
        let ab = Double::from_vec((a, b), ab).unwrap().tracked();
        let bc = Double::from_vec((b, c), bc).unwrap();
        let cd = Double::from_vec((c, d), cd).unwrap();
        let da = Double::from_vec((d, a), da).unwrap();
        let chain: Tensor<(_, _), Double> = einsum!("a b, b c, c d -> a d", ab, bc, cd);
        let ring: Tensor<(_,), Double> = einsum!("a b, b c, c d, d a -> a", ab, bc, cd, da);
        let all: Tensor<(), Double> = einsum!("row column, column, row, row ->", ab, bc.sum(c), da.sum(d), da.sum(d));
        let at = |which: usize, row: usize, width: usize, column: usize| numbers[which][row * width + column];
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        let (mut chained, mut ringed) = (vec![0.0; size_a * size_d], vec![0.0; size_a]);
        let mut slopes = vec![0.0; size_a * size_b];
        let mut total = 0.0;
        for i in 0..size_a {
            let of_row: f64 = (0..size_d).map(|l| at(3, l, size_a, i)).sum();
            for j in 0..size_b {
                let of_column: f64 = (0..size_c).map(|k| at(1, j, size_c, k)).sum();
                total += at(0, i, size_b, j) * of_column * of_row * of_row;
                for (k, l) in (0..size_c).flat_map(|k| (0..size_d).map(move |l| (k, l))) {
                    let product = at(1, j, size_c, k) * at(2, k, size_d, l);
                    chained[i * size_d + l] += at(0, i, size_b, j) * product;
                    ringed[i] += at(0, i, size_b, j) * product * at(3, l, size_a, i);
                    slopes[i * size_b + j] += product * at(3, l, size_a, i);
                }
            }
        }
        chain.to_vec().into_iter().zip(chained).for_each(|(found, expected)| near(found, expected));
        ring.to_vec().into_iter().zip(ringed).for_each(|(found, expected)| near(found, expected));
        near(all.scalar(), total);
        let gradient = ring.sum(a).backward().of(&ab);
        gradient.to_vec().into_iter().zip(slopes).for_each(|(found, expected)| near(found, expected));
    }
}
