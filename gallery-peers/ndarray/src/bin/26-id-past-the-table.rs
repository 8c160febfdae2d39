use gallery_ndarray::*;
use ndarray::Axis;

fn main() {
    let table = wave((5, 2));
    table.select(Axis(0), &[1, 7]);
}
