use gallery_ndarray::*;

fn main() {
    let (x, weight) = (wave((2, 6)), wave((8, 8)));
    let _ = x.dot(&weight.t());
}
