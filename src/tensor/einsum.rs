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
    let pair = [Lettered::<B>::new(x.array(), x_letters), Lettered::new(y.array(), y_letters)];
    Tensor::checked(shape, product(pair, |letter| output.contains(&letter)).in_order(output))
}

/// The same of more tensors, two at a time: in the order that takes the fewest multiplications.
#[doc(hidden)]
pub fn einsum_many<O: Shape, B: Backend<Elem: Number>>(
    tensors: &[(&ArrayOf<B>, &[usize])],
    output: &[usize],
    shape: O,
) -> Tensor<O, B> {
    let terms = tensors.iter().map(|(array, letters)| Lettered::<B>::new(array, letters)).collect();
    Tensor::checked(shape, contracted::<B>(terms, output))
}

/// The same of any number of tensors, where the letter `rest` stands for all axes of a tensor that have none: one axis, until the
/// result gets its shape.
#[doc(hidden)]
pub fn einsum_with_rest<O: Shape, B: Backend<Elem: Number>>(
    tensors: &[(&ArrayOf<B>, &[usize])],
    rest: usize,
    output: &[usize],
    shape: O,
) -> Tensor<O, B> {
    let merged = |(array, letters): &(&ArrayOf<B>, &[usize])| {
        let Some(at) = letters.iter().position(|letter| *letter == rest) else {
            return Lettered::<B>::new(array, letters);
        };
        let mut sizes = B::sizes(array).to_vec();
        let end = at + sizes.len() + 1 - letters.len();
        let count = sizes[at..end].iter().product();
        sizes.splice(at..end, [count]);
        Lettered::new(&B::reshape(array, &sizes), letters)
    };
    let array = contracted::<B>(tensors.iter().map(merged).collect(), output);
    Tensor::checked(shape, B::reshape(&array, shape.sizes().as_ref()))
}

/// The terms multiplied two at a time, and summed over the letters that `output` lacks.
fn contracted<B: Backend<Elem: Number>>(mut terms: Vec<Lettered<B>>, output: &[usize]) -> ArrayOf<B> {
    let letters: Vec<Vec<usize>> = terms.iter().map(|term| term.letters.clone()).collect();
    let size = |letter: usize| {
        let of = |term: &Lettered<B>| Some(B::sizes(&term.array)[term.letters.iter().position(|l| *l == letter)?]);
        terms.iter().find_map(of).unwrap_or(1) as f64
    };
    let sizes: Vec<f64> = (0..=letters.iter().flatten().copied().max().unwrap_or(0)).map(size).collect();
    for [i, j] in cheapest(&letters, output, &sizes).1 {
        // The later one first, so that the other stays where it is.
        let (y, x) = (terms.remove(j), terms.remove(i));
        let is_kept = |letter| output.contains(&letter) || terms.iter().any(|term| term.letters.contains(&letter));
        let product = product([x, y], is_kept);
        terms.push(product);
    }
    let mut last = terms.remove(0);
    last.sum_all_but(|letter| output.contains(&letter));
    last.in_order(output)
}

/// How many multiplications it takes at least to make one of terms with these letters, and which two are next each time: what
/// they make is the last one then.
fn cheapest(terms: &[Vec<usize>], output: &[usize], sizes: &[f64]) -> (f64, Vec<[usize; 2]>) {
    let pairs = (0..terms.len()).flat_map(|j| (0..j).map(move |i| [i, j]));
    let with = |[i, j]: [usize; 2]| {
        let mut union = terms[i].clone();
        union.extend(terms[j].iter().filter(|letter| !terms[i].contains(letter)));
        let cost: f64 = union.iter().map(|&letter| sizes[letter]).product();
        let mut left: Vec<_> = (0..terms.len()).filter(|at| ![i, j].contains(at)).map(|at| terms[at].clone()).collect();
        union.retain(|letter| output.contains(letter) || left.iter().any(|term| term.contains(letter)));
        left.push(union);
        let (others, mut steps) = cheapest(&left, output, sizes);
        steps.insert(0, [i, j]);
        (cost + others, steps)
    };
    pairs.map(with).min_by(|x, y| x.0.total_cmp(&y.0)).unwrap_or_default()
}

/// The product of two, summed over the letters that are not kept.
fn product<B: Backend<Elem: Number>>([mut x, mut y]: [Lettered<B>; 2], keep: impl Fn(usize) -> bool) -> Lettered<B> {
    let [of_x, of_y] = [x.letters.clone(), y.letters.clone()];
    x.sum_all_but(|letter| of_y.contains(&letter) || keep(letter));
    y.sum_all_but(|letter| of_x.contains(&letter) || keep(letter));
    let among = |letters: &[usize], is_meant: &dyn Fn(usize) -> bool| -> Vec<usize> {
        letters.iter().copied().filter(|letter| is_meant(*letter)).collect()
    };
    let batch = among(&x.letters, &|l| y.letters.contains(&l) && keep(l));
    let summed = among(&x.letters, &|l| !keep(l));
    let left = among(&x.letters, &|l| !y.letters.contains(&l) && keep(l));
    let right = among(&y.letters, &|l| !x.letters.contains(&l));

    let x = x.in_groups([&batch, &left, &summed]);
    let y = y.in_groups([&batch, &summed, &right]);
    let product = B::matmul(&x.1, &y.1);
    let sizes: Vec<usize> = [x.0[0].as_slice(), &x.0[1], &y.0[2]].concat();
    Lettered { array: B::reshape(&product, &sizes), letters: [batch, left, right].concat() }
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
