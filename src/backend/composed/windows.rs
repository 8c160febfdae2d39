//! Windows, and the products of them that convolutions are.

use crate::backend::{ArrayOf, Backend, Binary, Float, Number, Windows, With};
use num_traits::Zero;

/// See [`Backend::windows`].
pub fn windows<B: Backend<Elem: Number>>(x: &ArrayOf<B>, windows: Windows, fill: B::Elem) -> ArrayOf<B> {
    let [height, width] = last_two(B::sizes(x));
    let ([i, j], [n, m]) = (windows.size, windows.count);
    chosen::<B>(x, fill, [i, j, n, m], |[i, j, n, m]| {
        Some(windows.position(0, n, i, height)? * width + windows.position(1, m, j, width)?)
    })
}

/// See [`Backend::convolution`].
pub fn convolution<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    weight: &ArrayOf<B>,
    bias: Option<&ArrayOf<B>>,
    groups: usize,
    windows: Windows,
) -> ArrayOf<B> {
    let columns = B::windows(x, windows, B::Elem::zero());
    product::<B>(weight, &columns, bias, groups)
}

/// See [`Backend::transposed_convolution`]: an element of the result is a sum over the places that it has in windows.
pub fn transposed_convolution<B: Backend<Elem: Float>>(
    x: &ArrayOf<B>,
    weight: &ArrayOf<B>,
    bias: Option<&ArrayOf<B>>,
    groups: usize,
    windows: Windows,
    [height, width]: [usize; 2],
) -> ArrayOf<B> {
    let [i, j] = windows.size;
    let columns = chosen::<B>(x, B::Elem::zero(), [i, j, height, width], |[i, j, y, x]| {
        Some(windows.window_at(0, y, i)? * windows.count[1] + windows.window_at(1, x, j)?)
    });
    let &[inputs, outputs, ..] = B::sizes(weight) else { panic!("a weight of four axes") };
    let inputs = inputs.checked_div(groups).unwrap_or(0);
    let weight = B::permute(&B::reshape(weight, &[groups, inputs, outputs, i, j]), &[0, 2, 1, 3, 4]);
    product::<B>(&B::reshape(&weight, &[groups * outputs, inputs, i, j]), &columns, bias, groups)
}

fn last_two(sizes: &[usize]) -> [usize; 2] {
    let [.., height, width] = sizes else { panic!("windows slide over two axes") };
    [*height, *width]
}

/// What stands at these positions among the elements of the two last axes, in place of which come axes of the sizes `at`; `fill`
/// where there is none.
fn chosen<B: Backend<Elem: Number>>(
    x: &ArrayOf<B>,
    fill: B::Elem,
    at: [usize; 4],
    position: impl Fn([usize; 4]) -> Option<usize>,
) -> ArrayOf<B> {
    let sizes = B::sizes(x).to_vec();
    let outer = &sizes[..sizes.len() - 2];
    let (count, area) = (outer.iter().product(), last_two(&sizes).iter().product::<usize>());
    let mut ids = Vec::with_capacity(at.iter().product());
    for i in 0..at[0] {
        for j in 0..at[1] {
            for n in 0..at[2] {
                ids.extend((0..at[3]).map(|m| position([i, j, n, m]).unwrap_or(area)));
            }
        }
    }
    let chosen = ids.len();
    let ids = ids.into_iter().map(|id| u32::try_from(id).expect("fewer than 2³² elements")).collect();
    let device = B::device(x);
    let ids = With::<B, u32>::from_elements(ids, &[chosen], &device);
    let rows = B::permute(&B::reshape(x, &[count, area]), &[1, 0]);
    let table = B::concat(&[&rows, &B::filled(fill, &[1, count], &device)], 0);
    let found = B::permute(&B::gather(&table, &ids), &[1, 0]);
    B::reshape(&found, &[outer, &at].concat())
}

/// `weight (out, in / groups, i, j)` times `columns (batch, in, i, j, n, m)` in each group, and the bias: `(batch, out, n, m)`.
fn product<B: Backend<Elem: Float>>(
    weight: &ArrayOf<B>,
    columns: &ArrayOf<B>,
    bias: Option<&ArrayOf<B>>,
    groups: usize,
) -> ArrayOf<B> {
    let (&[outputs, inputs, i, j], &[batch, .., n, m]) = (B::sizes(weight), B::sizes(columns)) else {
        panic!("a weight of four axes, and columns of six");
    };
    let (rows, inner) = (outputs.checked_div(groups).unwrap_or(0), inputs * i * j);
    let weight = B::broadcast(&B::reshape(weight, &[groups, rows, inner]), &[batch, groups, rows, inner]);
    let product = B::matmul(&weight, &B::reshape(columns, &[batch, groups, inner, n * m]));
    let product = B::reshape(&product, &[batch, outputs, n, m]);
    match bias {
        None => product,
        Some(bias) => {
            let bias = B::broadcast(&B::reshape(bias, &[outputs, 1, 1]), &[outputs, n, m]);
            B::binary(Binary::Add, product, bias)
        }
    }
}
