use gallery_ndarray::*;
use ndarray::arr0;

fn main() {
    let (x, weight, bias) = (arange((2, 4)), wave((1, 4)), wave(1));
    let y = &x + &(x.dot(&weight.t()) + bias); // (2, 1) is stretched to (2, 4)
    report(&arr0(f32::from(y.shape() == x.shape())), &arr0(0.0));
}
