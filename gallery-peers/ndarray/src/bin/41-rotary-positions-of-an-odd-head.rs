use gallery_ndarray::*;
use ndarray::s;

fn main() {
    let (x, angle) = (wave((1, 1, 2, 5)), wave((2, 2)));
    let (first, second) = (x.slice(s![.., .., .., ..2]), x.slice(s![.., .., .., 2..]));
    let _ = &first * &angle.cos() - &second * &angle.sin();
}
