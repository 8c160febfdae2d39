use gallery_burn::*;

fn main() {
    let x = arange([2, 2, 3]); // (batch, sequence, embed)
    report(x.clone().select_dim::<2>(0, 0), x.select_dim::<2>(1, 0));
}
