use gallery_burn::*;

fn main() {
    let (q, k) = (wave([1, 2, 5, 4]), wave([1, 2, 5, 4]));
    q.matmul(k);
}
