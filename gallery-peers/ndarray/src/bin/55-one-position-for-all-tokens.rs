use gallery_ndarray::*;
use ndarray::{Array3, s};

fn main() {
    let (x, table) = (Array3::zeros((1, 3, 2)), arange((16, 2)));
    let length = x.shape()[1];
    report(&(&x + &table.slice(s![length, ..])), &(&x + &table.slice(s![..length, ..])));
}
