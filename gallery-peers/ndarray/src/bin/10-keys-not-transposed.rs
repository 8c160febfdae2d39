use gallery_ndarray::*;

fn main() {
    let (q, k) = (wave((1, 2, 5, 4)), wave((1, 2, 5, 4)));
    matmul(&q, &k);
}
