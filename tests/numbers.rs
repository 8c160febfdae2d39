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
