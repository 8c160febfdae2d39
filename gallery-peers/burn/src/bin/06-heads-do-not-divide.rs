use gallery_burn::*;

fn main() {
    let (x, heads) = (wave([1, 2, 6]), 4);
    x.reshape([1, 2, heads, 6 / heads]);
}
