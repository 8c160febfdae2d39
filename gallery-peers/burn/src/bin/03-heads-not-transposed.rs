use gallery_burn::*;

fn main() {
    let x = wave([1, 3, 2, 2]); // (batch, sequence, heads, head_dim)
    let y = x.clone().swap_dims(1, 2);
    report(attend(x.clone(), x.clone(), x), attend(y.clone(), y.clone(), y).swap_dims(1, 2));
}
