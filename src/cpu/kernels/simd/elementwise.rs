//! Functions of each number, at the level that this processor has.

use super::backward;
use super::chain::{Chains, REGISTER, has_kernel, have_kernels};
use super::dispatch::{map_at, run_at, zip_at};
use super::level::{Level, level};
use super::math::{self, Swapped, With, by_kernel};
use crate::backend::{Binary, Unary};
use crate::cpu::kernels::in_out::{InOut, Link, Operand, Place, PlacedChain};
use crate::cpu::kernels::plain;

/// The function of each number.
pub fn unary(op: Unary, x: InOut<'_, f32>) {
    unary_at(level(), op, x);
}

pub fn unary_at(level: Level, op: Unary, x: InOut<'_, f32>) {
    by_kernel!(op; |f| map_at(level, f, x), |f| map_at(level, f, x), plain::unary(op, x));
}

/// Each gradient times the derivative of the function at `x`, if there is a kernel for it. Whether there is.
///
/// # Panics
/// There are fewer numbers than gradients.
pub fn times_derivative(op: Unary, x: &[f32], gradient: &mut [f32]) -> bool {
    times_derivative_at(level(), op, x, gradient)
}

pub fn times_derivative_at(level: Level, op: Unary, x: &[f32], gradient: &mut [f32]) -> bool {
    let gradient = InOut::in_place(gradient);
    match op {
        Unary::Relu => zip_at(level, backward::ReluDerivative, gradient, x),
        Unary::Silu => zip_at(level, backward::SiluDerivative, gradient, x),
        Unary::Gelu => zip_at(level, backward::GeluDerivative, gradient, x),
        Unary::GeluTanh => zip_at(level, backward::GeluTanhDerivative, gradient, x),
        Unary::QuickGelu => zip_at(level, backward::QuickGeluDerivative, gradient, x),
        _ => return false,
    }
    true
}

/// The operation on each number and the operand; in the other order, if they are swapped.
pub fn binary(op: Binary, x: InOut<'_, f32>, y: Operand<'_, f32>, swapped: bool) {
    binary_at(level(), op, x, y, swapped);
}

pub fn binary_at(level: Level, op: Binary, x: InOut<'_, f32>, y: Operand<'_, f32>, swapped: bool) {
    macro_rules! for_each_operation { ($($op:ident)*) => {
        match (op, y, swapped) {$(
            (Binary::$op, Operand::Slice(y), false) => zip_at(level, math::$op, x, y),
            (Binary::$op, Operand::Slice(y), true) => zip_at(level, Swapped(math::$op), x, y),
            (Binary::$op, Operand::Scalar(y), false) => map_at(level, With(math::$op, y), x),
            (Binary::$op, Operand::Scalar(y), true) => map_at(level, With(Swapped(math::$op), y), x),
            )*
            (Binary::Pow, Operand::Scalar(2.0), false) => map_at(level, math::Square, x),
            (Binary::Pow | Binary::Fmod | Binary::Remainder, ..) => plain::binary(op, x, y, swapped),
        }
    } }
    for_each_operation!(Add Sub Mul Div Max Min);
}

/// The operations one after another on each number.
///
/// # Panics
/// There are none, or fewer operands than numbers.
pub fn chain(mut x: InOut<'_, f32>, links: &[Link<'_, f32>]) {
    let (level, len) = (level(), x.len());
    for (i, run) in links.chunk_by(|x, y| has_kernel(x) && has_kernel(y)).enumerate() {
        let part = if i == 0 { x.part(0..len) } else { InOut::in_place(x.to()) };
        match *run {
            [Link::Unary(op)] => unary_at(level, op, part),
            [Link::Binary(op, y, swapped)] => binary_at(level, op, part, y, swapped),
            _ => run_at(level, Chains::of_one(part, run)),
        }
    }
}

/// The most registers of [`chains`].
const REGISTERS: usize = 16;

/// Chains of operations, one after another for a few numbers at a time, with so many registers; `false` where an operation has no
/// kernel, or where there are too many registers.
///
/// # Panics
/// The slices are not of one length, a place does not exist, or an input is written.
pub fn chains(
    inputs: &[&[f32]],
    outputs: &mut [&mut [f32]],
    registers: usize,
    chains: &[PlacedChain<f32, Place>],
) -> bool {
    if registers > REGISTERS || !chains.iter().all(have_kernels) {
        return false;
    }
    let mut memory = [0.0; REGISTERS * REGISTER];
    run_at(level(), Chains::new(inputs, outputs, &mut memory[..registers * REGISTER], chains));
    true
}
