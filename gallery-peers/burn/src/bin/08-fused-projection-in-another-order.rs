use gallery_burn::*;

fn main() {
    let (x, weight) = (wave([2, 4]), wave([12, 4])); // the rows of the weight are (heads, 3, head_dim)
    let fused = x.matmul(weight.transpose());
    let query = fused.clone().reshape([1, 2, 3, 2, 2]).select_dim::<4>(2, 0); // read as (3, heads, head_dim)
    report(query, fused.reshape([1, 2, 2, 3, 2]).select_dim::<4>(3, 0));
}
