use gallery_burn::*;

fn main() {
    let image = arange([4, 4]); // (height, width), to be 4 patches of 2 by 2
    let right = image.clone().reshape([2, 2, 2, 2]).swap_dims(1, 2).reshape([4, 4]);
    report(image.reshape([4, 4]), right);
}
