use gallery_ndarray::*;
use ndarray::s;

fn main() {
    let x = arange((2, 2, 3)); // (batch, sequence, embed)
    report(&x.slice(s![0, .., ..]), &x.slice(s![.., 0, ..]));
}
