use gallery_ndarray::*;
use ndarray::s;

fn main() {
    let mut x = wave((1, 3, 2));
    x.slice_mut(s![.., 2, ..]).fill(9.0); // padding: the sequence has 2 tokens
    let tokens = x.slice(s![.., ..2, ..]);
    report(&attend(&x, &x, &x).slice(s![.., ..2, ..]), &attend(&tokens, &tokens, &tokens));
}
