use gallery_ndarray::*;
use ndarray::{Array2, Axis};

fn main() {
    let (scores, bias) = (Array2::zeros((3, 3)), arange(3)); // (queries, keys), and one number for each query
    report(&(&scores + &bias), &(&scores + &bias.view().insert_axis(Axis(1))));
}
