use gallery_ndarray::*;
use ndarray::Axis;

fn main() {
    let x = arange((2, 2, 3)); // (batch, sequence, embed)
    report(&x.mean_axis(Axis(0)).unwrap(), &x.mean_axis(Axis(1)).unwrap());
}
