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
