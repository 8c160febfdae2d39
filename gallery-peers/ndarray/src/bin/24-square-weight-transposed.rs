use gallery_ndarray::*;

fn main() {
    let (x, weight) = (wave((2, 2)), wave((2, 2))); // stored (in, out), as GPT-2 does
    report(&x.dot(&weight.t()), &x.dot(&weight));
}
