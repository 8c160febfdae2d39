use gallery_ndarray::*;
use ndarray::{Array1, array};

fn main() {
    let x = wave((1, 1, 3, 2));
    let padding = array![false, false, true]; // true is padding
    let masked = |mask: &Array1<bool>| {
        let bias = mask.mapv(|attended| if attended { 0.0 } else { f32::NEG_INFINITY }); // true is attended to
        attend_with(&x, &x, &x, &bias)
    };
    report(&masked(&padding), &masked(&!&padding));
}
