use gallery_burn::*;

fn main() {
    let x = arange([1, 2, 4]); // (batch, sequence, embed), to be 2 heads of 2
    let split = x.reshape([1, 2, 2, 2]);
    report(split.clone(), split.swap_dims(1, 2));
}
