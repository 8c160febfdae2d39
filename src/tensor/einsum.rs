//! What the patterns of `einsum!` and `rearrange!` come down to.
//!
//! The macros have checked the pattern and the compiler the shapes. A letter is a number here. Anybody can call these
//! functions, so the sizes of a result are compared with its shape.

use super::{SameBackend, Tensor};
use crate::backend::{ArrayOf, Backend, Number, Reduce};
use crate::shape::Shape;

/// Sums products over the letters that `output` lacks.
#[doc(hidden)]
pub fn einsum<X: Shape, Y: Shape, O: Shape, B: Backend<Elem: Number>>(
    x: &Tensor<X, B>,
    y: &Tensor<Y, impl SameBackend<B>>,
    x_letters: &[usize],
    y_letters: &[usize],
    output: &[usize],
    shape: O,
) -> Tensor<O, B> {
    let mut x = Lettered::<B>::new(x.array(), x_letters);
    let mut y = Lettered::<B>::new(y.array(), y_letters);
    x.sum_all_but(|letter| y_letters.contains(&letter) || output.contains(&letter));
    y.sum_all_but(|letter| x_letters.contains(&letter) || output.contains(&letter));

    let among = |letters: &[usize], keep: &dyn Fn(&usize) -> bool| -> Vec<usize> {
        letters.iter().copied().filter(|letter| keep(letter)).collect()
    };
    let batch = among(&x.letters, &|l| y.letters.contains(l) && output.contains(l));
    let summed = among(&x.letters, &|l| !output.contains(l));
    let left = among(&x.letters, &|l| !y.letters.contains(l) && output.contains(l));
    let right = among(&y.letters, &|l| !x.letters.contains(l));

    let x = x.in_groups([&batch, &left, &summed]);
    let y = y.in_groups([&batch, &summed, &right]);
    let product = B::matmul(&x.1, &y.1);
    let sizes: Vec<usize> = [x.0[0].as_slice(), &x.0[1], &y.0[2]].concat();
    let letters = [batch, left, right].concat();
    let product = B::reshape(&product, &sizes);
    Tensor::checked(shape, B::permute(&product, &axes(&letters, output)))
}

/// Sums over the letters that `output` lacks, and brings the others in its order.
#[doc(hidden)]
pub fn einsum_one<X: Shape, O: Shape, B: Backend<Elem: Number>>(
    x: &Tensor<X, B>,
    letters: &[usize],
    output: &[usize],
    shape: O,
) -> Tensor<O, B> {
    let mut x = Lettered::<B>::new(x.array(), letters);
    x.sum_all_but(|letter| output.contains(&letter));
    Tensor::checked(shape, x.in_order(output))
}

/// Splits the axes into letters of these sizes, reorders them, and merges them into `shape`.
#[doc(hidden)]
pub fn rearrange<X: Shape, O: Shape, B: Backend>(
    x: &Tensor<X, B>,
    letters: &[usize],
    order: &[usize],
    shape: O,
) -> Tensor<O, B> {
    let split = B::reshape(x.array(), letters);
    Tensor::checked(shape, B::reshape(&B::permute(&split, order), shape.sizes().as_ref()))
}

/// An array and a letter for each of its axes.
struct Lettered<B: Backend> {
    array: ArrayOf<B>,
    letters: Vec<usize>,
}

impl<B: Backend> Lettered<B> {
    fn new(array: &ArrayOf<B>, letters: &[usize]) -> Self {
        Lettered { array: array.clone(), letters: letters.to_vec() }
    }

    fn sum_all_but(&mut self, keep: impl Fn(usize) -> bool)
    where
        B::Elem: Number,
    {
        for axis in (0..self.letters.len()).rev() {
            if !keep(self.letters[axis]) {
                self.array = B::reduce(Reduce::Sum, &self.array, axis);
                self.letters.remove(axis);
            }
        }
    }

    fn in_order(&self, letters: &[usize]) -> ArrayOf<B> {
        B::permute(&self.array, &axes(&self.letters, letters))
    }

    /// The sizes of three groups of letters, and an array of one axis for each group.
    fn in_groups(&self, groups: [&[usize]; 3]) -> ([Vec<usize>; 3], ArrayOf<B>) {
        let sizes = groups.map(|group| {
            axes(&self.letters, group).into_iter().map(|axis| B::sizes(&self.array)[axis]).collect::<Vec<_>>()
        });
        let merged = [0, 1, 2].map(|group: usize| sizes[group].iter().product());
        let array = B::reshape(&self.in_order(&groups.concat()), &merged);
        (sizes, array)
    }
}

/// Where each of the wanted letters stands.
fn axes(letters: &[usize], wanted: &[usize]) -> Vec<usize> {
    wanted.iter().filter_map(|letter| letters.iter().position(|l| l == letter)).collect()
}
