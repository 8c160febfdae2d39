use gallery_ndarray::*;
use ndarray::Axis;

fn main() {
    let table = wave((4, 2));
    table.select(Axis(0), &[0, 1, 2, 3, 4, 5]);
}
