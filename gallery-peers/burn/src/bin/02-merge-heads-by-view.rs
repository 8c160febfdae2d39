use gallery_burn::*;

fn main() {
    let heads = arange([1, 2, 2, 2]); // (batch, heads, sequence, head_dim)
    report(heads.clone().reshape([1, 2, 4]), heads.swap_dims(1, 2).reshape([1, 2, 4]));
}
