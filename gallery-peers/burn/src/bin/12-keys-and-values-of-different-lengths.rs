use gallery_burn::*;

fn main() {
    let (q, k, v) = (wave([1, 3, 2]), wave([1, 5, 2]), wave([1, 4, 2]));
    attend(q, k, v);
}
