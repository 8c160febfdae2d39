use gallery_burn::*;

fn main() {
    let x = arange([2, 2, 3]); // (batch, sequence, embed)
    report(x.clone().mean_dim(0).squeeze_dim::<2>(0), x.mean_dim(1).squeeze_dim::<2>(1));
}
